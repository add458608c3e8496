import { Link } from "@tanstack/react-router";
import { CircleAlert, Clock3, Lock } from "lucide-react";
import { memo } from "react";
import type { VideoRow } from "../api/model";
import { Progress } from "../controls/Progress";
import { VerdictBadge } from "../inspection/VerdictBadge";
import { parseRate, rateLabel } from "../time/rate";
import { formatDuration } from "../time/timecode";
import { formatBytes } from "../time/when";
import { Poster } from "./Poster";
import styles from "./VideoCard.module.css";

/** "1080p · 29.97": what tells two takes apart. */
export function shape(video: Pick<VideoRow, "width" | "height" | "frame_rate" | "size_bytes">): string {
  const lines = video.height && video.width ? `${Math.min(video.height, video.width)}p` : null;
  const rate = video.frame_rate ? rateLabel(parseRate(video.frame_rate)) : null;
  return [lines, rate, formatBytes(video.size_bytes)].filter(Boolean).join(" · ");
}

export const VideoCard = memo(function VideoCard({ video, index, eager }: { video: VideoRow; index: number; eager: boolean }) {
  return (
    <Link
      to="/videos/$videoId"
      params={{ videoId: video.id }}
      className={styles.card}
      data-index={index}
      data-testid="video-card"
      data-video={video.id}
      data-proxy={video.proxy_state}
    >
      <div className={styles.picture}>
        <Poster video={video} sizes="280px" eager={eager} />
        {video.duration && <span className={styles.duration}>{formatDuration(video.duration.seconds)}</span>}
        <ProxyState video={video} />
      </div>
      <div className={styles.name} title={video.name}>
        {video.visibility === "private" && <Lock aria-label="Private" />}
        <span>{video.name}</span>
      </div>
      <div className={styles.meta}>
        <VerdictBadge verdict={video.verdict} message={video.verdict_message} />
        <span className={styles.shape}>{shape(video)}</span>
      </div>
    </Link>
  );
});

function ProxyState({ video }: { video: VideoRow }) {
  const { proxy_state: state, jobs } = video;
  if (state === "failed") {
    return (
      <span className={styles.state}>
        <CircleAlert aria-hidden /> No proxy
      </span>
    );
  }
  if (state !== "queued" && state !== "encoding") return null;
  const progress = state === "encoding" ? jobs.progress : null;
  return (
    <>
      <span className={styles.state}>
        {state === "queued" ? <Clock3 aria-hidden /> : null}
        {state === "queued" ? "Queued" : `Encoding ${Math.round((progress ?? 0) * 100)} %`}
      </span>
      {state === "encoding" && (
        <div className={styles.progress}>
          <Progress value={progress ?? 0} label={`Proxy of ${video.name}`} />
        </div>
      )}
    </>
  );
}
