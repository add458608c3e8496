/** Frame rates are exact fractions, as the server writes them: "30000/1001", "25". */
export interface Rate {
  readonly num: number;
  readonly den: number;
}

export function parseRate(text: string): Rate {
  const match = /^(\d+)(?:\/(\d+))?$/.exec(text.trim());
  const num = Number(match?.[1]);
  const den = Number(match?.[2] ?? 1);
  if (!(num > 0) || !(den > 0)) throw new RangeError(`Not a frame rate: ${text}`);
  return { num, den };
}

/** Frames a second, rounded up to what a timecode counts: 30 for 29.97. */
export function nominal(rate: Rate): number {
  return Math.max(1, Math.round(rate.num / rate.den));
}

/** 29.97 and 59.94 count in drop-frame, so that timecode stays with the clock. */
export function countsDrop(rate: Rate): boolean {
  return rate.den === 1001 && rate.num % 30000 === 0;
}

export function framesToSeconds(frames: number, rate: Rate): number {
  return (frames * rate.den) / rate.num;
}

/** The nearest frame; the small bias makes halves that floats put just below round up. */
export function secondsToFrame(seconds: number, rate: Rate): number {
  return Math.floor((seconds * rate.num) / rate.den + 0.5 + 1e-9);
}

/** "23.976", "25", "59.94": how people name a rate. */
export function rateLabel(rate: Rate): string {
  const value = rate.num / rate.den;
  return value.toFixed(value < 25 ? 3 : 2).replace(/\.?0+$/, "");
}
