import { useLocation } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { Button } from "../controls/Button";
import { uploadStore } from "./store";
import { UploadRow } from "./UploadRow";
import styles from "./UploadTray.module.css";
import { clearFinished } from "./uploads";

/** The queue in a corner of every page but its own. */
export function UploadTray() {
  const uploads = useSyncExternalStore(uploadStore.subscribe, uploadStore.read).filter((upload) => upload.state !== "left");
  const here = useLocation({ select: (location) => location.pathname });
  if (uploads.length === 0 || here === "/upload") return null;
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
          <UploadRow key={upload.id} upload={upload} />
        ))}
      </ul>
    </section>
  );
}
