import { useEffect, useRef } from "react";
import type { FrameClock } from "../time/clock";
import type { Player } from "./player";
import styles from "./Timeline.module.css";

/** Follows the picture without rendering: at 60 pictures a second only one transform changes. */
export function Playhead({ clock, player, width }: { clock: FrameClock; player: Player | null; width: number }) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = () => {
      const frame = player?.read().frame ?? 0;
      const share = (clock.startOf(frame) + clock.startOf(frame + 1)) / 2 / clock.duration;
      if (line.current) line.current.style.transform = `translateX(${share * width}px)`;
    };
    place();
    return player?.subscribe(place);
  }, [clock, player, width]);
  return <div ref={line} className={styles.playhead} aria-hidden />;
}
