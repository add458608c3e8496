import { useQuery } from "@tanstack/react-query";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import type { Sprite } from "../api/model";
import { useWidth } from "../controls/useWidth";
import { DamageBands } from "../inspection/DamageBands";
import { nextDamage, type Placed } from "../inspection/damage";
import { useKeys } from "../keys/useKeys";
import { tileAtTime } from "../library/sprite";
import type { FrameClock } from "../time/clock";
import { formatDuration, formatTimecode, spokenTimecode } from "../time/timecode";
import { Playhead } from "./Playhead";
import type { Marks } from "./marks";
import { fetchPeaks, type Peaks } from "./peaks";
import type { Player } from "./player";
import { drawFilmstrip, drawWaveform, ticks } from "./strip";
import styles from "./Timeline.module.css";
import { usePlayerValue } from "./usePlayback";

interface TimelineProps {
  clock: FrameClock;
  player: Player | null;
  sprite: Sprite | null;
  /** Where the waveform is, once there is one. */
  peaksUrl: string | null;
  findings: readonly Placed[];
  marks: Marks;
  onMark: (edge: "first" | "last", frame: number) => void;
}

type Grip = "playhead" | "first" | "last";

export function Timeline({ clock, player, sprite, peaksUrl, findings, marks, onMark }: TimelineProps) {
  const peaks = usePeaks(peaksUrl);
  const track = useRef<HTMLDivElement>(null);
  const grip = useRef<Grip | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const width = useWidth(track);
  const seconds = clock.duration;

  const damage = (back: boolean) => {
    const at = player && nextDamage(findings, clock.startOf(player.read().frame), back);
    if (at !== null) player?.seek(clock.frameUnder(at));
  };
  useKeys({ nextDamage: () => damage(false), previousDamage: () => damage(true) });

  const frameAt = (event: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect();
    if (!box) return 0;
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return clock.frameUnder(share * seconds);
  };
  const move = (event: PointerEvent) => {
    const frame = frameAt(event);
    setHover(frame);
    if (!grip.current) return;
    player?.seek(frame);
    if (grip.current !== "playhead") onMark(grip.current, frame);
  };
  const down = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    const edge = (event.target as HTMLElement).dataset.edge as Grip | undefined;
    grip.current = edge ?? "playhead";
    event.currentTarget.setPointerCapture(event.pointerId);
    player?.pause();
    if (!edge) player?.seek(frameAt(event));
  };
  return (
    <div className={styles.timeline}>
      <div
        ref={track}
        className={styles.track}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={() => (grip.current = null)}
        onPointerCancel={() => (grip.current = null)}
        onPointerLeave={() => setHover(null)}
        data-testid="timeline"
      >
        <Ruler seconds={seconds} width={width} />
        <Filmstrip sprite={sprite} seconds={seconds} width={width} />
        <Waveform peaks={peaks} seconds={seconds} width={width} />
        <DamageBands findings={findings} seconds={seconds} width={width} />
        <Unmade player={player} seconds={seconds} />
        <Range clock={clock} marks={marks} />
        <Playhead clock={clock} player={player} width={width} />
        {hover !== null && <Hover clock={clock} sprite={sprite} frame={hover} width={width} />}
      </div>
      <Slider clock={clock} player={player} />
    </div>
  );
}

/** What assistive technology reads and moves; the picture of it is the playhead. */
function Slider({ clock, player }: { clock: FrameClock; player: Player | null }) {
  const frame = usePlayerValue(player, (state) => state.frame, 0);
  return (
    <div
      className={styles.slider}
      role="slider"
      tabIndex={0}
      aria-label="Position"
      aria-valuemin={0}
      aria-valuemax={clock.last}
      aria-valuenow={frame}
      aria-valuetext={spokenTimecode(frame, clock.rate)}
      aria-disabled={player === null}
    />
  );
}

function Ruler({ seconds, width }: { seconds: number; width: number }) {
  return (
    <div className={styles.ruler} aria-hidden>
      {ticks(seconds, width).map((at) => (
        <span key={at} style={{ left: `${(at / seconds) * 100}%` }}>
          {at % 1 === 0 ? formatDuration(at) : at.toFixed(1)}
        </span>
      ))}
    </div>
  );
}

function Filmstrip({ sprite, seconds, width }: { sprite: Sprite | null; seconds: number; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [image, setImage] = useState<HTMLImageElement | null>(null);
  const url = sprite?.url;
  useEffect(() => {
    if (!url) return setImage(null);
    const sheet = new Image();
    sheet.onload = () => setImage(sheet);
    sheet.src = url;
    return () => {
      sheet.onload = null;
    };
  }, [url]);
  useEffect(() => {
    if (canvas.current && image && sprite) drawFilmstrip(canvas.current, image, sprite, seconds);
  }, [image, sprite, seconds, width]);
  return <canvas ref={canvas} className={styles.film} aria-hidden data-drawn={image !== null} />;
}

function Waveform({ peaks, seconds, width }: { peaks: Peaks | null; seconds: number; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current && peaks) drawWaveform(canvas.current, peaks, seconds);
  }, [peaks, seconds, width]);
  return <canvas ref={canvas} className={styles.wave} aria-hidden data-drawn={peaks !== null} />;
}

/** The part whose proxy does not exist yet. */
function Unmade({ player, seconds }: { player: Player | null; seconds: number }) {
  const available = usePlayerValue(player, (state) => state.available, 0);
  if (!player || available <= 0 || available >= seconds - 0.5) return null;
  return <div className={styles.unmade} style={{ left: `${(available / seconds) * 100}%` }} title="Not encoded yet" />;
}

function Range({ clock, marks }: { clock: FrameClock; marks: Marks }) {
  const share = (frame: number) => (clock.startOf(frame) / clock.duration) * 100;
  const from = marks.first === null ? 0 : share(marks.first);
  const to = marks.last === null ? 100 : share(marks.last + 1);
  if (marks.first === null && marks.last === null) return null;
  return (
    <>
      <div className={styles.outside} style={{ left: 0, width: `${from}%` }} />
      <div className={styles.outside} style={{ left: `${to}%`, right: 0 }} />
      <div className={styles.inside} style={{ left: `${from}%`, width: `${to - from}%` }} />
      {marks.first !== null && <div className={`${styles.bracket} ${styles.in}`} style={{ left: `${from}%` }} data-edge="first" title="In" />}
      {marks.last !== null && <div className={`${styles.bracket} ${styles.out}`} style={{ left: `${to}%` }} data-edge="last" title="Out" />}
    </>
  );
}

function Hover({ clock, sprite, frame, width }: { clock: FrameClock; sprite: Sprite | null; frame: number; width: number }) {
  const seconds = clock.startOf(frame);
  const x = (seconds / clock.duration) * width;
  const tile = sprite && tileAtTime(sprite, seconds);
  const half = (sprite?.tile_width ?? 96) / 2 + 2;
  return (
    <>
      <div className={styles.needle} style={{ transform: `translateX(${x}px)` }} />
      <div className={styles.tip} style={{ transform: `translateX(${Math.min(Math.max(x, half), width - half)}px)` }} aria-hidden>
        {sprite && tile && (
          <div
            className={styles.tile}
            style={{
              width: sprite.tile_width,
              height: sprite.tile_height,
              backgroundImage: `url("${sprite.url}")`,
              backgroundSize: `${sprite.columns * sprite.tile_width}px auto`,
              backgroundPosition: `${-tile.x}px ${-tile.y}px`,
            }}
          />
        )}
        <span>{formatTimecode(frame, clock.rate)}</span>
      </div>
    </>
  );
}

function usePeaks(url: string | null) {
  const query = useQuery({
    queryKey: ["peaks", url],
    queryFn: ({ signal }) => fetchPeaks(url as string, signal),
    enabled: url !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return query.data ?? null;
}
