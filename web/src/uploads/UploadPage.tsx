import { FolderUp, Upload as UploadIcon } from "lucide-react";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useMay } from "../app/useSession";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { DropZone } from "./DropZone";
import { isFootage } from "./dropped";
import { FetchForm } from "./FetchForm";
import { type Upload, uploadStore } from "./store";
import styles from "./UploadPage.module.css";
import { UploadRow } from "./UploadRow";
import { clearFinished, findLeftovers, pauseUpload, resumeUpload, uploadDropped, uploadFiles } from "./uploads";
import { WatchedFolders } from "./WatchedFolders";

export function UploadPage() {
  const may = useMay();
  const uploads = useSyncExternalStore(uploadStore.subscribe, uploadStore.read);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Upload · Cutroom";
    void findLeftovers();
  }, []);
  if (!may.edit) {
    return (
      <Notice icon={<UploadIcon />} title="You may look, and not upload">
        <p>Ask an administrator for the role editor.</p>
      </Notice>
    );
  }
  return (
    <DropZone enabled onFiles={(dropped) => void uploadDropped(dropped)}>
      <div className={styles.page}>
        <header className={styles.bar}>
          <h1>Upload</h1>
          <Button look="primary" icon={<UploadIcon />} onClick={() => files.current?.click()}>
            Choose files
          </Button>
          <Button icon={<FolderUp />} onClick={() => folder.current?.click()}>
            Choose a folder
          </Button>
          <AllControls uploads={uploads} />
        </header>
        <div className={styles.scroller}>
          {uploads.length === 0 ? (
            <div className={styles.target}>
              <UploadIcon aria-hidden />
              <h2>Drop files and folders here</h2>
              <p>
                Three travel at a time. What breaks off goes on where it was, also after this page was closed: choose the same file again.
                Each is checked for damage as soon as it is here.
              </p>
            </div>
          ) : (
            <ul className={styles.list} aria-label="Uploads" data-testid="upload-list">
              {uploads.map((upload) => (
                <UploadRow key={upload.id} upload={upload} verdict />
              ))}
            </ul>
          )}
          <FetchForm />
          {may.administer && <WatchedFolders />}
        </div>
        <Picker ref={files} testId="upload-files" onFiles={uploadFiles} />
        <Picker ref={folder} testId="upload-folder" folder onFiles={(chosen) => uploadFiles(chosen.filter((file) => isFootage(file.name)))} />
      </div>
    </DropZone>
  );
}

function AllControls({ uploads }: { uploads: readonly Upload[] }) {
  const going = uploads.filter((upload) => upload.state === "sending" || upload.state === "waiting");
  const paused = uploads.filter((upload) => upload.state === "paused");
  const over = uploads.some((upload) => upload.state === "done" || upload.state === "failed");
  return (
    <span className={styles.all}>
      {going.length > 1 && <Button onClick={() => [...going].reverse().forEach((upload) => pauseUpload(upload.id))}>Pause all</Button>}
      {paused.length > 1 && <Button onClick={() => paused.forEach((upload) => resumeUpload(upload.id))}>Resume all</Button>}
      {over && (
        <Button look="quiet" onClick={clearFinished}>
          Clear finished
        </Button>
      )}
    </span>
  );
}

interface PickerProps {
  ref: React.Ref<HTMLInputElement>;
  testId: string;
  folder?: boolean;
  onFiles: (files: File[]) => void;
}

function Picker({ ref, testId, folder = false, onFiles }: PickerProps) {
  return (
    <input
      ref={ref}
      type="file"
      multiple
      hidden
      data-testid={testId}
      {...(folder ? { webkitdirectory: "" } : {})}
      onChange={(event) => {
        onFiles([...(event.target.files ?? [])]);
        event.target.value = "";
      }}
    />
  );
}
