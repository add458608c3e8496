import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "../api/failure";
import { toast } from "../app/toasts";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import { Field } from "../controls/Field";
import form from "../controls/Form.module.css";
import { addPaths } from "./queries";

export function AddFolderDialog({ onClose }: { onClose: () => void }) {
  const [path, setPath] = useState("");
  const [copy, setCopy] = useState(false);
  const client = useQueryClient();
  const adding = useMutation({
    mutationFn: () => addPaths([path.trim()], copy),
    onSuccess: ({ added, skipped }) => {
      void client.invalidateQueries({ queryKey: ["videos"] });
      const noun = added.length === 1 ? "video" : "videos";
      if (added.length > 0) toast("ok", `${added.length.toLocaleString("en")} ${noun} added.`);
      else if (skipped.length === 0) toast("info", "No video files are in that folder.");
      if (skipped.length === 0) onClose();
    },
  });
  const skipped = adding.data?.skipped ?? [];
  return (
    <Dialog title="Add a folder" onClose={onClose}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          adding.mutate();
        }}
      >
        <Field
          label="Folder or file on the server"
          placeholder="/mnt/footage"
          value={path}
          onChange={(event) => setPath(event.target.value)}
          help="The server must be able to read it. Files stay where they are."
          problem={adding.isError ? messageOf(adding.error) : null}
          autoFocus
          required
          spellCheck={false}
        />
        <label className={form.check}>
          <input type="checkbox" checked={copy} onChange={(event) => setCopy(event.target.checked)} />
          Copy the files into Cutroom’s own storage
        </label>
        {skipped.length > 0 && (
          <div className={form.list} role="alert">
            <p>
              {skipped.length} {skipped.length === 1 ? "file was" : "files were"} left out:
            </p>
            <ul>
              {skipped.slice(0, 20).map((file) => (
                <li key={file.path}>
                  <code>{file.path}</code> {file.message}
                </li>
              ))}
            </ul>
          </div>
        )}
        <footer className={form.footer}>
          <Button look="quiet" onClick={onClose}>
            {skipped.length > 0 ? "Close" : "Cancel"}
          </Button>
          <Button look="primary" type="submit" disabled={!path.trim() || adding.isPending}>
            {adding.isPending ? "Adding…" : "Add"}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
