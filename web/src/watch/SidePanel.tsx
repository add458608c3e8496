import { type KeyboardEvent, lazy, Suspense } from "react";
import type { Clip, VideoDetail } from "../api/model";
import styles from "./WatchPage.module.css";

// The player comes first; what stands beside it follows.
const ClipsPanel = lazy(() => import("../clips/ClipsPanel").then((module) => ({ default: module.ClipsPanel })));
const FindingsPanel = lazy(() => import("../inspection/FindingsPanel").then((module) => ({ default: module.FindingsPanel })));
const DetailsPanel = lazy(() => import("./DetailsPanel").then((module) => ({ default: module.DetailsPanel })));

const tabs = [
  ["clips", "Clips"],
  ["findings", "Findings"],
  ["details", "Details"],
] as const;
export type Tab = (typeof tabs)[number][0];

interface SidePanelProps {
  video: VideoDetail;
  tab: Tab;
  onTab: (tab: Tab) => void;
  pendingClip: boolean;
  onShowClip: (clip: Clip) => void;
  onSeekSeconds: (seconds: number) => void;
}

export function SidePanel({ video, tab, onTab, pendingClip, onShowClip, onSeekSeconds }: SidePanelProps) {
  const walk = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = tabs.findIndex(([name]) => name === tab);
    const next = tabs[(index + step + tabs.length) % tabs.length]?.[0] ?? tab;
    onTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <aside className={styles.side} aria-label="About this video">
      <div className={styles.tabs} role="tablist" aria-label="About this video" onKeyDown={walk}>
        {tabs.map(([name, label]) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={tab === name}
            aria-controls="side-panel"
            tabIndex={tab === name ? 0 : -1}
            className={styles.tab}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onTab(name)}
          >
            {label}
            {name === "findings" && video.findings.length > 0 && <span>{video.findings.length}</span>}
          </button>
        ))}
      </div>
      <div id="side-panel" className={styles.panel} role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        <Suspense>
          {tab === "clips" && <ClipsPanel videoId={video.id} pending={pendingClip} rate={video.timing?.rate ?? video.frame_rate ?? "25"} onShow={onShowClip} />}
          {tab === "findings" && <FindingsPanel video={video} onSeek={onSeekSeconds} />}
          {tab === "details" && <DetailsPanel video={video} />}
        </Suspense>
      </div>
    </aside>
  );
}
