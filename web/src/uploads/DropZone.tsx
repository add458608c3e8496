import { Upload } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import styles from "./DropZone.module.css";
import type { Dropped } from "./dropped";

/** Takes files and folders dropped anywhere on the page it wraps. */
export function DropZone({ enabled, onFiles, children }: { enabled: boolean; onFiles: (files: Dropped[]) => void; children: ReactNode }) {
  const [over, setOver] = useState(false);
  // Entering a child leaves its parent: only the balance says whether the pointer is still here.
  const depth = useRef(0);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    if (!enabled) return;
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const move = (by: number) => (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current = Math.max(0, depth.current + by);
      setOver(depth.current > 0);
    };
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current = 0;
      setOver(false);
      // Entries are there only until the event is over.
      const items = [...(event.dataTransfer?.items ?? [])];
      latest.current(items.flatMap((item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? []));
    };
    const handlers = { dragenter: move(1), dragleave: move(-1), dragover: move(0), drop } as const;
    for (const [name, handler] of Object.entries(handlers)) window.addEventListener(name as "drop", handler);
    return () => {
      for (const [name, handler] of Object.entries(handlers)) window.removeEventListener(name as "drop", handler);
    };
  }, [enabled]);
  return (
    <>
      {children}
      {over && (
        <div className={styles.overlay} data-testid="drop-overlay">
          <div className={styles.target}>
            <Upload aria-hidden />
            Drop to add to the library
          </div>
        </div>
      )}
    </>
  );
}
