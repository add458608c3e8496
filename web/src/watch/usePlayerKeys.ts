import type { RefObject } from "react";
import { useKeys } from "../keys/useKeys";
import type { FrameClock } from "../time/clock";
import { secondsToFrame } from "../time/rate";
import { pointAfter, pointBefore, shuttled } from "./edits";
import { type Marks, markFirst, markLast, noMarks } from "./marks";
import type { Player } from "./player";
import type { Stream } from "./stream";

interface PlayerKeys {
  player: Player | null;
  clock: FrameClock | null;
  stream: RefObject<Stream | null>;
  marks: Marks;
  onMarks: (marks: Marks) => void;
  onCut?: () => void;
  onGoTo: () => void;
}

/** The keys of the player and the cutter. */
export function usePlayerKeys({ player, clock, stream, marks, onMarks, onCut, onGoTo }: PlayerKeys): void {
  const second = clock ? secondsToFrame(1, clock.rate) : 1;
  const jump = (frame: number | null | undefined) => {
    if (frame === null || frame === undefined) return;
    player?.pause();
    player?.seek(frame);
  };
  const keyframes = () => stream.current?.keyframes().map((start) => clock?.frameUnder(start + 1e-3) ?? 0) ?? [];
  const edits = () => [0, marks.first, marks.last, clock?.last].filter((point): point is number => typeof point === "number");
  const here = () => player?.heading ?? 0;
  const shuttle = (direction: 1 | -1) => player?.play(shuttled(player.read().speed, direction));
  useKeys({
    playPause: () => player?.toggle(),
    stop: () => player?.pause(),
    shuttleBack: () => shuttle(-1),
    shuttleOn: () => shuttle(1),
    playMarked: () => player?.playLooped(),
    mute: () => player?.setMuted(!player.read().muted),
    subtitles: () => player?.nextText(),
    frameBack: () => player?.step(-1),
    frameOn: () => player?.step(1),
    secondBack: () => player?.step(-second),
    secondOn: () => player?.step(second),
    keyframeBack: () => jump(pointBefore(keyframes(), here())),
    keyframeOn: () => jump(pointAfter(keyframes(), here())),
    first: () => jump(0),
    last: () => jump(clock?.last),
    previousEdit: () => jump(pointBefore(edits(), here())),
    nextEdit: () => jump(pointAfter(edits(), here())),
    goTo: onGoTo,
    markIn: () => player?.read().ready && onMarks(markFirst(marks, here())),
    markOut: () => player?.read().ready && onMarks(markLast(marks, here())),
    toIn: () => jump(marks.first),
    toOut: () => jump(marks.last),
    clearMarks: () => onMarks(noMarks),
    exportClip: onCut,
  });
}
