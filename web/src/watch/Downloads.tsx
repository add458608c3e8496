import { Download } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { VideoDetail } from "../api/model";
import styles from "./Downloads.module.css";

const DownloadList = lazy(() => import("./DownloadList").then((module) => ({ default: module.DownloadList })));

/** A button that opens the list of everything there is to take home; its list is loaded when it is first opened. */
export function Downloads({ video }: { video: VideoDetail }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <button type="button" className={styles.button} popoverTarget="downloads" aria-label="Download" title="Download" data-testid="downloads">
        <Download aria-hidden />
      </button>
      <div id="downloads" popover="auto" className={styles.menu} onToggle={(event) => event.newState === "open" && setOpened(true)}>
        <Suspense>{opened && <DownloadList video={video} />}</Suspense>
      </div>
    </>
  );
}
