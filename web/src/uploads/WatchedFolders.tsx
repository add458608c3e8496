import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "../api/failure";
import { Button } from "../controls/Button";
import { Field } from "../controls/Field";
import { ago } from "../time/when";
import { type WatchedFolder, unwatchFolder, watchedQuery, watchFolder } from "./queries";
import styles from "./UploadPage.module.css";

/** Folders of the server's disk whose footage is added as it comes. */
export function WatchedFolders() {
  const client = useQueryClient();
  const folders = useQuery(watchedQuery);
  const [path, setPath] = useState("");
  const again = () => client.invalidateQueries(watchedQuery);
  const adding = useMutation({
    mutationFn: watchFolder,
    onSuccess: () => {
      setPath("");
      return again();
    },
  });
  const removing = useMutation({ mutationFn: unwatchFolder, onSuccess: again });
  return (
    <section className={styles.section} aria-label="Watched folders">
      <div>
        <h2>Watched folders</h2>
        <p className={styles.about}>
          Footage in these folders of the server is added once it has come to rest. A file that vanishes is marked; nothing is deleted.
        </p>
      </div>
      <ul>
        {folders.data?.items.map((folder) => (
          <li key={folder.id} className={styles.folder}>
            <div>
              <code className={styles.path}>{folder.path}</code>
              {folder.error ? (
                <p className={styles.problem} role="alert">
                  {folder.error.message} {folder.error.hint}
                </p>
              ) : (
                <p className={styles.about}>{standing(folder)}</p>
              )}
            </div>
            <Button look="quiet" onClick={() => removing.mutate(folder.id)} aria-label={`Stop watching ${folder.path}`}>
              Stop watching
            </Button>
          </li>
        ))}
      </ul>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          adding.mutate(path.trim());
        }}
      >
        <Field
          label="Folder of the server to watch"
          placeholder="/mnt/nas/incoming"
          value={path}
          onChange={(event) => setPath(event.target.value)}
          problem={adding.isError ? messageOf(adding.error) : null}
        />
        <Button type="submit" disabled={!path.trim() || adding.isPending}>
          Watch
        </Button>
      </form>
    </section>
  );
}

function standing(folder: WatchedFolder): string {
  if (folder.looked_at === null) return "About to be looked through";
  const how = folder.method === "polling" ? "a network share, looked through every half minute" : "told by the system of what changes";
  return `Looked through ${ago(folder.looked_at)}; ${how}`;
}
