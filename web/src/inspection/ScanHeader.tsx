import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Download, Play, RotateCcw, Trash2, X } from "lucide-react";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { Scan } from "../api/model";
import { toast } from "../app/toasts";
import { Button, IconButton } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import form from "../controls/Form.module.css";
import { Progress } from "../controls/Progress";
import { ago } from "../time/when";
import { modeWord } from "./modes";
import { placeOf, splitPath } from "./places";
import { cancelScan, deleteScan, reportFormats, reportUrl, resumeScan, startScan } from "./queries";
import styles from "./ScanHeader.module.css";
import { canResume, filesOf, isActive, paceOf, progressOf, scanLooks, totalsOf } from "./scanState";

const origins: Record<string, string> = { schedule: "by schedule", "command line": "from the command line" };

/** What a scan is of, how far it is, and what can be done with it. */
export function ScanHeader({ scan }: { scan: Scan }) {
  const { Icon, word, tone } = scanLooks[scan.state];
  const place = placeOf(scan);
  return (
    <section className={styles.header} aria-label="This scan" data-testid="scan-header" data-state={scan.state}>
      <div className={styles.line}>
        <h2 title={place.all}>{place.name}</h2>
        <span className={`${styles.state} ${styles[tone]}`}>
          <Icon aria-hidden />
          {word}
        </span>
        <span className={styles.dim}>
          {[modeWord(scan.mode), ago(scan.started_at), origins[scan.origin]].filter(Boolean).join(" · ")}
        </span>
        <Actions scan={scan} />
      </div>
      {isActive(scan) ? (
        <Running scan={scan} />
      ) : (
        <div className={styles.line}>
          <p className={styles.numbers}>{totalsOf(scan).join(" · ")}</p>
          {scan.files > 0 && <Reports scan={scan} />}
        </div>
      )}
      {scan.error && (
        <p className={styles.error} role="alert">
          {scan.error}
        </p>
      )}
    </section>
  );
}

function Running({ scan }: { scan: Scan }) {
  const current = scan.current ? splitPath(scan.current) : null;
  return (
    <>
      <Progress value={progressOf(scan)} label={`${filesOf(scan)} looked at`} />
      <p className={styles.numbers} data-testid="pace">
        <strong>{filesOf(scan)}</strong>
        {scan.state === "queued" ? <span>waiting for its turn</span> : paceOf(scan).map((part, index) => <span key={index}>{part}</span>)}
        {current && (
          <span className={styles.current} title={scan.current ?? undefined}>
            {current.name}
          </span>
        )}
      </p>
    </>
  );
}

function Actions({ scan }: { scan: Scan }) {
  const client = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  const again = (changed: Scan) => {
    client.setQueryData(["scan", scan.id], changed);
    void client.invalidateQueries({ queryKey: ["scans"] });
  };
  const onError = (error: unknown) => toast("bad", messageOf(error));
  const cancel = useMutation({ mutationFn: () => cancelScan(scan.id), onSuccess: again, onError });
  const resume = useMutation({ mutationFn: () => resumeScan(scan.id), onSuccess: again, onError });
  return (
    <div className={styles.actions}>
      {isActive(scan) && (
        <Button icon={<X />} onClick={() => cancel.mutate()} disabled={cancel.isPending}>
          {cancel.isPending ? "Stopping…" : "Stop"}
        </Button>
      )}
      {canResume(scan) && (
        <Button icon={<Play />} onClick={() => resume.mutate()} disabled={resume.isPending}>
          Resume
        </Button>
      )}
      {scan.state === "done" && <Again scan={scan} />}
      {!isActive(scan) && (
        <IconButton label="Delete this scan" onClick={() => setDeleting(true)}>
          <Trash2 />
        </IconButton>
      )}
      {deleting && <DeleteDialog scan={scan} onClose={() => setDeleting(false)} />}
    </div>
  );
}

function Again({ scan }: { scan: Scan }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: () => startScan({ ...(scan.library ? { library: true } : { roots: scan.roots }), mode: scan.mode }),
    onSuccess: async (started) => {
      void client.invalidateQueries({ queryKey: ["scans"] });
      await navigate({ to: "/inspect", search: { scan: started.id } });
    },
    onError: (error) => toast("bad", messageOf(error)),
  });
  return (
    <IconButton label="Scan the same again: unchanged files are not read" onClick={() => start.mutate()} disabled={start.isPending}>
      <RotateCcw />
    </IconButton>
  );
}

function Reports({ scan }: { scan: Scan }) {
  return (
    <div className={styles.reports} role="group" aria-label="Download a report">
      <Download aria-hidden />
      {reportFormats.map(([format, word]) => (
        <a key={format} href={reportUrl(scan.id, format)} download title={`Download the report as ${word}`}>
          {word}
        </a>
      ))}
    </div>
  );
}

function DeleteDialog({ scan, onClose }: { scan: Scan; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const deleting = useMutation({
    mutationFn: () => deleteScan(scan.id),
    onSuccess: async () => {
      await navigate({ to: "/inspect", search: { scan: "all" } });
      client.removeQueries({ queryKey: ["scan", scan.id] });
      void client.invalidateQueries({ queryKey: ["scans"] });
      void client.invalidateQueries({ queryKey: ["inspection"] });
    },
  });
  return (
    <Dialog title="Delete this scan?" onClose={onClose}>
      <div className={form.form}>
        <p>Its results go with it, and its files are read anew by the next scan. The files themselves are not touched.</p>
        {deleting.isError && <p role="alert">{messageOf(deleting.error)}</p>}
        <footer className={form.footer}>
          <Button look="quiet" onClick={onClose}>
            Keep it
          </Button>
          <Button look="danger" onClick={() => deleting.mutate()} disabled={deleting.isPending}>
            Delete
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
