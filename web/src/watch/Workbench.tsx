import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { messageOf } from "../api/failure";
import type { Clip, ClipMode, VideoDetail } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { createClip } from "../clips/queries";
import { VerdictBadge } from "../inspection/VerdictBadge";
import { shape } from "../library/VideoCard";
import { Downloads } from "./Downloads";
import { type Marks, markedRange, noMarks, paddingOf } from "./marks";
import { Readout } from "./Readout";
import { SidePanel, type Tab } from "./SidePanel";
import { Stage } from "./Stage";
import { useSurround, Surround } from "./Surround";
import { Transport } from "./Transport";
import { useClock, usePlayback } from "./usePlayback";
import { usePlayerKeys } from "./usePlayerKeys";
import styles from "./WatchPage.module.css";

// The picture and its transport come first.
const Timeline = lazy(() => import("./Timeline").then((module) => ({ default: module.Timeline })));
const MarksBar = lazy(() => import("./MarksBar").then((module) => ({ default: module.MarksBar })));

/** Player, marks and clips of one video. */
export function Workbench({ video, startFrame }: { video: VideoDetail; startFrame?: number }) {
  const may = useMay();
  const [element, setElement] = useState<HTMLVideoElement | null>(null);
  const [surround, setSurround] = useSurround();
  const [marks, setMarks] = useState<Marks>(noMarks);
  const [mode, setMode] = useState<ClipMode>("smart");
  const [padding, setPadding] = useState("0");
  const [tab, setTab] = useState<Tab>(video.findings.length > 0 ? "findings" : "clips");
  const [asking, setAsking] = useState(false);
  const clock = useClock(video);
  const { player, stream, problem } = usePlayback(element, clock, video.playlist);
  const range = clock && markedRange(marks, clock.frames);
  const cutting = useCut(video.id);

  const cut = () => {
    const seconds = paddingOf(padding);
    if (!range) return toast("info", "Mark a first or a last frame before cutting.");
    if (seconds === null) return;
    setTab("clips");
    cutting.mutate({ video_id: video.id, in_frame: range.inFrame, out_frame: range.outFrame, mode, padding_seconds: seconds });
  };
  const showClip = (clip: Clip) => {
    setMarks({ first: clip.in_frame, last: clip.out_frame - 1 });
    player?.seek(clip.in_frame);
  };
  if (player) player.range = range;
  usePlayerKeys({ player, clock, stream, marks, onMarks: setMarks, onCut: may.edit ? cut : undefined, onGoTo: () => setAsking(true) });
  useStart(player, startFrame);

  return (
    <div className={styles.page}>
      <TitleBar video={video}>
        <Downloads video={video} />
        <Surround value={surround} onChange={setSurround} />
      </TitleBar>
      <section className={styles.work} aria-label="Player">
        <Stage video={video} player={player} problem={problem} surround={surround} onElement={setElement} />
        {clock && (
          <>
            <Transport
              player={player}
              marked={range !== null}
              readout={<Readout clock={clock} player={player} asking={asking} onAsk={() => setAsking(true)} onAnswered={() => setAsking(false)} />}
            />
            <Suspense fallback={<div className={styles.timelineRoom} />}>
              <Timeline
                clock={clock}
                player={player}
                sprite={video.sprite}
                peaksUrl={video.peaks}
                findings={video.findings}
                marks={marks}
                onMark={(edge, frame) => setMarks((before) => dragged(before, edge, frame))}
              />
            </Suspense>
            <Suspense fallback={<div className={styles.marksRoom} />}>
              <MarksBar
                clock={clock}
                marks={marks}
                onMarks={setMarks}
                mode={mode}
                onMode={setMode}
                padding={padding}
                onPadding={setPadding}
                onCut={may.edit ? cut : undefined}
              />
            </Suspense>
          </>
        )}
      </section>
      <SidePanel
        video={video}
        tab={tab}
        onTab={setTab}
        pendingClip={cutting.isPending}
        onShowClip={showClip}
        onSeekSeconds={(seconds) => clock && player?.seek(clock.frameUnder(seconds))}
      />
    </div>
  );
}

/** A dragged bracket stops at the other one instead of erasing it. */
function dragged(marks: Marks, edge: "first" | "last", frame: number): Marks {
  if (edge === "first") return { ...marks, first: marks.last === null ? frame : Math.min(frame, marks.last) };
  return { ...marks, last: marks.first === null ? frame : Math.max(frame, marks.first) };
}

function TitleBar({ video, children }: { video: VideoDetail; children: React.ReactNode }) {
  return (
    <header className={styles.title}>
      <Link to="/" className={styles.back}>
        <ChevronLeft aria-hidden />
        Library
      </Link>
      <h1 title={video.name}>{video.name}</h1>
      <VerdictBadge verdict={video.verdict} message={video.verdict_message} />
      <span className={styles.shape}>{shape(video)}</span>
      <div className={styles.titleEnd}>{children}</div>
    </header>
  );
}

function useCut(videoId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: createClip,
    onSuccess: () => {
      toast("ok", "Clip queued.");
      return client.invalidateQueries({ queryKey: ["clips", videoId] });
    },
    onError: (error) => toast("bad", messageOf(error)),
  });
}

/** Goes to the frame named in the address, once. */
function useStart(player: ReturnType<typeof usePlayback>["player"], frame: number | undefined) {
  useEffect(() => {
    if (!player || frame === undefined) return;
    const stop = player.subscribe(() => {
      if (!player.read().ready) return;
      stop();
      player.seek(frame);
    });
    return stop;
  }, [player, frame]);
}
