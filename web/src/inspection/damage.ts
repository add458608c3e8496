import { severityLook } from "./severity";

/** What placing a finding on a timeline takes of it. */
export interface Placed {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly start_seconds: number | null;
  readonly end_seconds: number | null;
  readonly byte_offset: number | null;
}

export interface Mark<Found extends Placed = Placed> {
  readonly finding: Found;
  /** Shares of the film's length, 0 to 1. */
  readonly from: number;
  readonly to: number;
}

const share = (value: number): number => Math.min(1, Math.max(0, value));

/** Findings that have a time, as marks; the worst come last, so that they are drawn over the others. */
export function marksOf<Found extends Placed>(findings: readonly Found[], seconds: number | null): Mark<Found>[] {
  if (!seconds || seconds <= 0) return [];
  return findings
    .filter((finding) => finding.start_seconds !== null)
    .map((finding) => {
      const from = share((finding.start_seconds ?? 0) / seconds);
      return { finding, from, to: Math.max(from, share((finding.end_seconds ?? finding.start_seconds ?? 0) / seconds)) };
    })
    .sort((one, other) => severityLook(one.finding.severity).rank - severityLook(other.finding.severity).rank);
}

/** Findings that only their place in the file is known of, as marks on the file's bytes. */
export function byteMarksOf<Found extends Placed>(findings: readonly Found[], bytes: number): Mark<Found>[] {
  if (bytes <= 0) return [];
  return findings
    .filter((finding) => finding.start_seconds === null && finding.byte_offset !== null)
    .map((finding) => {
      const at = share((finding.byte_offset ?? 0) / bytes);
      return { finding, from: at, to: at };
    });
}

export interface Stretch {
  readonly severity: string;
  readonly from: number;
  readonly to: number;
}

/** What is drawn of marks: those of one severity that touch are one stretch, or their outlines would hide the pattern. */
export function stretchesOf(marks: readonly Mark[], near: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (const severity of new Set(marks.map((mark) => mark.finding.severity))) {
    const same = marks.filter((mark) => mark.finding.severity === severity).sort((one, other) => one.from - other.from);
    let open: { severity: string; from: number; to: number } | null = null;
    for (const { from, to } of same) {
      if (open && from <= open.to + near) open.to = Math.max(open.to, to);
      else stretches.push((open = { severity, from, to }));
    }
  }
  return stretches;
}

/** Where a mark is drawn: at least `least` of the width wide, and wholly inside. */
export function extent(mark: Pick<Mark, "from" | "to">, least: number): { from: number; width: number } {
  const width = Math.min(1, Math.max(mark.to - mark.from, least));
  const middle = (mark.from + mark.to) / 2;
  const from = mark.to - mark.from >= least ? mark.from : Math.min(1 - width, Math.max(0, middle - width / 2));
  return { from, width };
}

/** The mark under a place, the topmost first; `reach` widens narrow ones so that they can be hit. */
export function markAt<Found extends Placed>(marks: readonly Mark<Found>[], at: number, reach: number): Mark<Found> | null {
  const distance = (mark: Mark<Found>) => Math.max(0, mark.from - at, at - mark.to);
  let best: Mark<Found> | null = null;
  for (const mark of marks) {
    if (distance(mark) <= reach && (!best || distance(mark) <= distance(best))) best = mark;
  }
  return best;
}

/** How much of the film is damaged, overlaps counted once; notes are not damage. In seconds. */
export function damagedSeconds(findings: readonly Placed[]): number {
  const ranges = findings
    .filter((finding) => finding.start_seconds !== null && severityLook(finding.severity).rank > 0)
    .map((finding) => [finding.start_seconds ?? 0, finding.end_seconds ?? finding.start_seconds ?? 0] as const)
    .sort((one, other) => one[0] - other[0]);
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const [from, to] of ranges) {
    total += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return total;
}

/** The next damaged moment after `at` (or before it, when `back`), in seconds; null when there is none. */
export function nextDamage(findings: readonly Placed[], at: number, back: boolean): number | null {
  const near = 0.05;
  const starts = findings.map((finding) => finding.start_seconds).filter((start): start is number => start !== null);
  const beyond = starts.filter((start) => (back ? start < at - near : start > at + near));
  if (beyond.length === 0) return null;
  return back ? Math.max(...beyond) : Math.min(...beyond);
}

/** "1:02.4", "0:07 – 0:12": when something is in a film. */
export function momentOf(finding: Pick<Placed, "start_seconds" | "end_seconds">): string | null {
  const { start_seconds: start, end_seconds: end } = finding;
  if (start === null) return null;
  return end === null || end - start < 0.05 ? moment(start) : `${moment(start)} – ${moment(end)}`;
}

export function moment(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
