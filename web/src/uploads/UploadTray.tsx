import { Link } from "@tanstack/react-router";
import { CircleCheck, OctagonX, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { Button, IconButton } from "../controls/Button";
import { Progress } from "../controls/Progress";
import { formatBytes } from "../time/when";
import { type Upload, uploadStore } from "./store";
import { cancelUpload, clearFinished } from "./uploads";
import styles from "./UploadTray.module.css";

export function UploadTray() {
  const uploads = useSyncExternalStore(uploadStore.subscribe, uploadStore.read);
  if (uploads.length === 0) return null;
  const going = uploads.filter((upload) => upload.state !== "done" && upload.state !== "failed").length;
  return (
    <section className={styles.tray} aria-label="Uploads" data-testid="upload-tray">
      <header className={styles.header}>
        <h2>{going > 0 ? `Uploading ${going} of ${uploads.length}` : "Uploads finished"}</h2>
        {going === 0 && (
          <Button look="quiet" onClick={clearFinished}>
            Clear
          </Button>
        )}
      </header>
      <ul className={styles.list}>
        {uploads.map((upload) => (
          <Row key={upload.id} upload={upload} />
        ))}
      </ul>
    </section>
  );
}

function describe(upload: Upload): string {
  if (upload.state === "waiting") return `Waiting · ${formatBytes(upload.size)}`;
  if (upload.state === "finishing") return "Handing over to the library…";
  if (upload.state === "done") return formatBytes(upload.size);
  return `${formatBytes(upload.sent)} of ${formatBytes(upload.size)}`;
}

function Row({ upload }: { upload: Upload }) {
  const over = upload.state === "done" || upload.state === "failed";
  return (
    <li className={styles.row} data-state={upload.state}>
      {upload.state === "done" && <CircleCheck className={styles.ok} aria-label="Done" />}
      {upload.state === "failed" && <OctagonX className={styles.bad} aria-label="Failed" />}
      <div className={styles.what}>
        {upload.videoId ? (
          <Link to="/videos/$videoId" params={{ videoId: upload.videoId }} className={styles.name}>
            {upload.name}
          </Link>
        ) : (
          <span className={styles.name}>{upload.name}</span>
        )}
        {upload.problem ? (
          <span className={styles.problem} role="alert">
            {upload.problem}
          </span>
        ) : (
          <span className={styles.detail}>{describe(upload)}</span>
        )}
        {!over && <Progress value={upload.size ? upload.sent / upload.size : 0} label={`Upload of ${upload.name}`} />}
      </div>
      <IconButton label={over ? `Remove ${upload.name} from this list` : `Cancel ${upload.name}`} onClick={() => cancelUpload(upload.id)}>
        <X />
      </IconButton>
    </li>
  );
}
