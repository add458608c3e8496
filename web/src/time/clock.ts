import type { Rate } from "./rate";

/** Presentation times of a video whose frames are not evenly spaced, in units of `timeBase` seconds. */
export interface PresentationTimes {
  readonly timeBase: Rate;
  readonly pts: readonly number[];
  /** When the last frame ends. It may be shorter than any other, and a seek past it shows nothing new. */
  readonly end: number;
}

/**
 * Frame number ↔ media time of one video in one player.
 *
 * `offset` is the media time at which the player showed frame 0: measured once, because a player may start its own
 * clock a little late. Seeks aim at the middle of a frame: aiming at its start lands on the frame before whenever
 * the player's clock rounds down.
 */
export class FrameClock {
  readonly frames: number;
  readonly rate: Rate;
  /** Where each frame starts, and at last where the last one ends; null where they are evenly spaced. */
  private readonly starts: Float64Array | null;
  offset = 0;

  constructor(rate: Rate, frames: number, times: PresentationTimes | null = null) {
    this.rate = rate;
    this.starts = times && times.pts.length > 0 ? secondsFromFirst(times) : null;
    this.frames = this.starts ? this.starts.length - 1 : Math.max(1, frames);
  }

  get last(): number {
    return this.frames - 1;
  }

  get duration(): number {
    return this.startOf(this.frames);
  }

  clamp(frame: number): number {
    return Math.min(Math.max(0, Math.round(frame)), this.last);
  }

  /** Seconds from the start of frame 0 to the start of `frame`; one past the last gives the duration. */
  startOf(frame: number): number {
    if (!this.starts) return (frame * this.rate.den) / this.rate.num;
    return this.starts[Math.min(frame, this.frames)] ?? 0;
  }

  /** Where to seek to see `frame`. */
  seekTime(frame: number): number {
    return this.offset + (this.startOf(frame) + this.startOf(frame + 1)) / 2;
  }

  /** The frame that a presented picture is, from its `mediaTime`. */
  frameAt(mediaTime: number): number {
    const time = mediaTime - this.offset;
    if (!this.starts) return this.clamp((time * this.rate.num) / this.rate.den);
    return this.clamp(nearest(this.starts, time));
  }

  /** The frame on screen at a time anywhere inside it; for pointers, not for presented pictures. */
  frameUnder(seconds: number): number {
    if (!this.starts) return this.clamp(Math.floor((seconds * this.rate.num) / this.rate.den + 1e-6));
    const frame = this.clamp(nearest(this.starts, seconds));
    return (this.starts[frame] ?? 0) > seconds + 1e-6 ? this.clamp(frame - 1) : frame;
  }
}

function secondsFromFirst(times: PresentationTimes): Float64Array {
  const first = times.pts[0] ?? 0;
  return Float64Array.from([...times.pts, times.end], (pts) => ((pts - first) * times.timeBase.num) / times.timeBase.den);
}

function nearest(sorted: Float64Array, time: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  const before = Math.max(0, low - 1);
  return Math.abs((sorted[before] ?? 0) - time) <= Math.abs((sorted[low] ?? 0) - time) ? before : low;
}
