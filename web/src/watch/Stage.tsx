import { CircleAlert, Clapperboard, LoaderCircle } from "lucide-react";
import { messageOf } from "../api/failure";
import type { VideoDetail } from "../api/model";
import { Progress } from "../controls/Progress";
import styles from "./Stage.module.css";
import type { Player } from "./player";
import { usePlayerValue } from "./usePlayback";

interface StageProps {
  video: VideoDetail;
  player: Player | null;
  problem: string | null;
  surround: string;
  onElement: (element: HTMLVideoElement | null) => void;
  children?: React.ReactNode;
}

export function Stage({ video, player, problem, surround, onElement, children }: StageProps) {
  const ready = usePlayerValue(player, (state) => state.ready, false);
  const waiting = usePlayerValue(player, (state) => state.waiting, false);
  const aspect = video.width && video.height ? video.width / video.height : 16 / 9;
  const poster = video.poster?.jpeg.at(-1)?.url;
  return (
    <div className={styles.stage} style={{ background: surround }}>
      <div className={styles.picture} style={{ "--aspect": aspect } as React.CSSProperties}>
        {/* Sound and picture come from footage that carries its own captions, if any. */}
        <video ref={onElement} playsInline preload="metadata" tabIndex={-1} aria-label={video.name} onClick={() => player?.toggle()} data-testid="video" />
        {!ready && poster && <img src={poster} alt="" className={styles.poster} />}
        {ready && waiting && <LoaderCircle className={styles.waiting} aria-label="Loading" />}
        {!ready && <Status video={video} problem={problem} />}
        {ready && problem && <Message icon={<CircleAlert aria-hidden />} text={problem} />}
      </div>
      {children}
    </div>
  );
}

function Message({ icon, text, progress }: { icon: React.ReactNode; text: string; progress?: number | null }) {
  return (
    <div className={styles.message} role="status" data-testid="stage-status">
      {icon}
      <span>{text}</span>
      {progress !== undefined && (
        <div className={styles.progress}>
          <Progress value={progress} label={text} />
        </div>
      )}
    </div>
  );
}

const unplayable = new Set(["not-video", "unreadable"]);

/** Why there is no moving picture yet, and what is being done about it. */
function Status({ video, problem }: { video: VideoDetail; problem: string | null }) {
  if (problem) return <Message icon={<CircleAlert aria-hidden />} text={messageOf(problem)} />;
  if (video.playlist) return null;
  if (video.proxy_state === "failed") return <Message icon={<CircleAlert aria-hidden />} text="No proxy could be made. The job says why." />;
  if (unplayable.has(video.verdict)) return <Message icon={<CircleAlert aria-hidden />} text={video.verdict_message ?? "This file cannot be played."} />;
  if (video.probe && !video.probe.video) return <Message icon={<CircleAlert aria-hidden />} text="This file has no picture to cut." />;
  const { stage, progress } = video.jobs;
  const text = video.proxy_state === "encoding" ? "Encoding the first seconds…" : video.verdict === "pending" ? "Checking the file…" : "Waiting for its turn…";
  return <Message icon={<Clapperboard aria-hidden />} text={stage ? `${text} (${stage})` : text} progress={progress} />;
}
