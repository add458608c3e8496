import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { messageOf } from "../api/failure";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import { Field } from "../controls/Field";
import form from "../controls/Form.module.css";
import styles from "./NewScanDialog.module.css";
import { extensionsIn } from "./places";
import { startScan } from "./queries";
import { firstTarget, isWhole, ScanTarget, type Target, wireTarget } from "./ScanTarget";

interface Options {
  readonly recursive: boolean;
  readonly rescan: boolean;
  readonly extensions: string;
  readonly seconds: string;
}

const usual: Options = { recursive: true, rescan: false, extensions: "", seconds: "" };

export function NewScanDialog({ onClose }: { onClose: () => void }) {
  const [target, setTarget] = useState<Target>(firstTarget);
  const [options, setOptions] = useState(usual);
  const client = useQueryClient();
  const navigate = useNavigate();
  const starting = useMutation({
    mutationFn: () => startScan({ ...wireTarget(target), ...wireOptions(options) }),
    onSuccess: async (scan) => {
      client.setQueryData(["scan", scan.id], scan);
      void client.invalidateQueries({ queryKey: ["scans"] });
      onClose();
      await navigate({ to: "/inspect", search: { scan: scan.id } });
    },
  });
  return (
    <Dialog title="New scan" onClose={onClose} wide>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          starting.mutate();
        }}
      >
        <ScanTarget target={target} onChange={setTarget} problem={starting.isError ? messageOf(starting.error) : null} />
        <ScanOptions options={options} onChange={setOptions} library={target.library} />
        <footer className={form.footer}>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={!isWhole(target) || starting.isPending}>
            {starting.isPending ? "Starting…" : "Start the scan"}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function wireOptions({ recursive, rescan, extensions, seconds }: Options) {
  return { recursive, rescan, extensions: extensionsIn(extensions), max_seconds_per_file: Number(seconds) > 0 ? Number(seconds) : null };
}

function ScanOptions({ options, onChange, library }: { options: Options; onChange: (options: Options) => void; library: boolean }) {
  return (
    <details className={styles.options}>
      <summary>Options</summary>
      <div>
        <label className={form.check}>
          <input type="checkbox" checked={options.rescan} onChange={(event) => onChange({ ...options, rescan: event.target.checked })} />
          Read unchanged files again
        </label>
        {!library && (
          <label className={form.check}>
            <input type="checkbox" checked={options.recursive} onChange={(event) => onChange({ ...options, recursive: event.target.checked })} />
            Folders inside them too
          </label>
        )}
        {!library && (
          <Field
            label="Only files that end in"
            placeholder="mp4, mov, mkv"
            value={options.extensions}
            onChange={(event) => onChange({ ...options, extensions: event.target.value })}
            help="Empty: all kinds of video and audio."
            spellCheck={false}
          />
        )}
        <Field
          label="Most seconds for one file"
          type="number"
          min={1}
          step={1}
          value={options.seconds}
          onChange={(event) => onChange({ ...options, seconds: event.target.value })}
          help="Empty: as long as its size makes plausible."
        />
      </div>
    </details>
  );
}
