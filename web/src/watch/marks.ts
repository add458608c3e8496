/** The marked range: `first` and `last` are both frames of the clip. The server takes out exclusive, so last + 1. */
export interface Marks {
  readonly first: number | null;
  readonly last: number | null;
}

export const noMarks: Marks = { first: null, last: null };

/** In at a frame; an out that would come before it is forgotten. */
export function markFirst(marks: Marks, frame: number): Marks {
  return { first: frame, last: marks.last !== null && marks.last < frame ? null : marks.last };
}

export function markLast(marks: Marks, frame: number): Marks {
  return { first: marks.first !== null && marks.first > frame ? null : marks.first, last: frame };
}

export interface MarkedRange {
  readonly inFrame: number;
  /** Exclusive. */
  readonly outFrame: number;
}

/** What the marks select; an open end reaches to the start or the end of the footage. Null without any mark. */
export function markedRange(marks: Marks, frames: number): MarkedRange | null {
  if (marks.first === null && marks.last === null) return null;
  return { inFrame: marks.first ?? 0, outFrame: (marks.last ?? frames - 1) + 1 };
}

/** Seconds of padding, or null when what is typed is no number. */
export function paddingOf(typed: string): number | null {
  const value = typed.trim() === "" ? 0 : Number(typed.replace(",", "."));
  return Number.isFinite(value) && value >= 0 && value <= 3600 ? value : null;
}
