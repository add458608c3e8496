import type { PresentationTimes } from "../time/clock";
import { parseRate } from "../time/rate";

interface PtsTable {
  time_base: string;
  pts: number[];
  end: number;
}

/** The presentation time of each frame, where the rate varies. */
export async function fetchTimes(url: string, signal: AbortSignal): Promise<PresentationTimes> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`The presentation times answered ${response.status}.`);
  const table = (await response.json()) as PtsTable;
  return { timeBase: parseRate(table.time_base), pts: table.pts, end: table.end };
}
