import { useEffect, useRef } from "react";
import type { FrameClock } from "../time/clock";
import { formatTimecode, parsePosition } from "../time/timecode";
import type { Player } from "./player";
import styles from "./Readout.module.css";
import { usePlayerValue } from "./usePlayback";

interface ReadoutProps {
  clock: FrameClock;
  player: Player | null;
  /** A timecode is being typed in its place. */
  asking: boolean;
  onAsk: () => void;
  onAnswered: () => void;
}

/** Which frame is on screen, as the browser says it presented it. */
export function Readout({ clock, player, asking, onAsk, onAnswered }: ReadoutProps) {
  const frame = usePlayerValue(player, (state) => state.frame, 0);
  const ready = usePlayerValue(player, (state) => state.ready, false);
  return (
    <div className={styles.readout} data-testid="readout" data-frame={frame} data-ready={ready} data-frames={clock.frames}>
      {asking ? (
        <GoTo clock={clock} player={player} onAnswered={onAnswered} />
      ) : (
        <button type="button" className={styles.timecode} onClick={onAsk} onMouseDown={(event) => event.preventDefault()} title="Go to a timecode (G)">
          {formatTimecode(frame, clock.rate)}
        </button>
      )}
      <span className={styles.frames}>
        {frame} <span>/ {clock.frames}</span>
      </span>
    </div>
  );
}

function GoTo({ clock, player, onAnswered }: Pick<ReadoutProps, "clock" | "player" | "onAnswered">) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <input
      ref={input}
      className={styles.input}
      aria-label="Go to timecode"
      placeholder="Timecode"
      spellCheck={false}
      data-testid="goto"
      onBlur={onAnswered}
      onKeyDown={(event) => {
        if (event.key === "Escape") return onAnswered();
        if (event.key !== "Enter") return;
        const frame = parsePosition(event.currentTarget.value, clock.rate);
        if (frame === null) return event.currentTarget.setAttribute("aria-invalid", "true");
        player?.seek(frame);
        onAnswered();
      }}
      onChange={(event) => event.currentTarget.removeAttribute("aria-invalid")}
    />
  );
}
