import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleDashed, Download, OctagonX, Trash2 } from "lucide-react";
import { messageOf } from "../api/failure";
import type { Clip } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { IconButton } from "../controls/Button";
import { Keys } from "../controls/Keys";
import { parseRate } from "../time/rate";
import { formatTimecode } from "../time/timecode";
import { formatBytes } from "../time/when";
import styles from "./ClipsPanel.module.css";
import { clipsQuery, deleteClip } from "./queries";

interface ClipsPanelProps {
  videoId: string;
  pending: boolean;
  rate: string;
  onShow: (clip: Clip) => void;
}

export function ClipsPanel({ videoId, pending, rate, onShow }: ClipsPanelProps) {
  const query = useInfiniteQuery(clipsQuery(videoId));
  const clips = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isError) {
    return (
      <p role="alert" className={styles.note}>
        {messageOf(query.error)}
      </p>
    );
  }
  return (
    <>
      {clips.length === 0 && !pending && !query.isPending && (
        <p className={styles.note}>
          Mark the first frame with <Keys chord="i" />, the last with <Keys chord="o" />, and cut with <Keys chord="e" />. Clips are cut from
          the original, not from what plays here.
        </p>
      )}
      <ul className={styles.list} data-testid="clip-list">
        {pending && (
          <li className={styles.clip}>
            <CircleDashed className={styles.idle} aria-hidden />
            <div className={styles.what}>
              <span className={styles.name}>Queueing…</span>
            </div>
          </li>
        )}
        {clips.map((clip) => (
          <ClipRow key={clip.id} clip={clip} rate={clip.frame_rate ?? rate} onShow={onShow} />
        ))}
      </ul>
      {query.hasNextPage && (
        <button type="button" className={styles.more} onClick={() => void query.fetchNextPage()}>
          More clips
        </button>
      )}
    </>
  );
}

const states = {
  queued: { Icon: CircleDashed, tone: "idle", word: "Cutting" },
  ready: { Icon: CircleCheck, tone: "ok", word: "Ready" },
  failed: { Icon: OctagonX, tone: "bad", word: "Failed" },
  cancelled: { Icon: OctagonX, tone: "idle", word: "Cancelled" },
} as const;

/** What was done, in words: how, how long, how large. */
function summary(clip: Clip, rate: string): string {
  const frames = clip.answer?.frames ?? clip.out_frame - clip.in_frame;
  const used = clip.answer?.mode_used ?? clip.mode;
  const moved = clip.answer && (clip.answer.in_frame !== clip.in_frame || clip.answer.out_frame !== clip.out_frame);
  return [
    clip.state === "ready" ? null : states[clip.state].word,
    `${formatTimecode(frames, parseRate(rate), false)} · ${frames} f`,
    used,
    clip.size_bytes ? formatBytes(clip.size_bytes) : null,
    moved && clip.answer ? `frames ${clip.answer.in_frame}–${clip.answer.out_frame - 1}` : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

function ClipRow({ clip, rate, onShow }: { clip: Clip; rate: string; onShow: (clip: Clip) => void }) {
  const { Icon, tone, word } = states[clip.state];
  const may = useMay();
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => deleteClip(clip.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ["clips"] }),
    onError: (error) => toast("bad", messageOf(error)),
  });
  const exact = parseRate(rate);
  return (
    <li className={styles.clip} data-testid="clip" data-state={clip.state} data-clip={clip.id}>
      <Icon className={styles[tone]} aria-label={word} />
      <button type="button" className={styles.what} onClick={() => onShow(clip)} title={`${clip.name}: show its marks`}>
        <span className={styles.range}>
          {formatTimecode(clip.in_frame, exact)} <span aria-label="to">–</span> {formatTimecode(clip.out_frame - 1, exact)}
        </span>
        <span className={styles.detail}>{summary(clip, rate)}</span>
        {clip.answer?.fallback_reason && <span className={styles.reason}>{clip.answer.fallback_reason}</span>}
        {clip.error && (
          <span className={styles.problem} role="alert">
            {clip.error.message}
          </span>
        )}
      </button>
      {clip.download_url && (
        <a className={styles.download} href={clip.download_url} download aria-label={`Download ${clip.name}`} title="Download" data-testid="download-clip">
          <Download aria-hidden />
        </a>
      )}
      {may.edit && clip.state !== "queued" && (
        <IconButton label={`Delete ${clip.name}`} onClick={() => deleting.mutate()} disabled={deleting.isPending}>
          <Trash2 />
        </IconButton>
      )}
    </li>
  );
}
