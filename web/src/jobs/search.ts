import type { JobState } from "../api/model";

export const jobStates: readonly JobState[] = ["running", "queued", "waiting", "paused", "done", "failed", "cancelled"];
export const jobKinds = ["inspect", "preview", "hash", "outline", "proxy", "segments", "sound", "clip", "scan", "check", "fetch"] as const;

export interface JobsSearch {
  state?: JobState;
  kind?: string;
  text?: string;
  /** The parts of this job only. */
  parent?: string;
  /** The job whose details are shown. */
  job?: string;
}

/** What decides which jobs are listed. */
export type JobsFilter = Omit<JobsSearch, "job">;

const words = { kind: 40, text: 200, parent: 40, job: 40 } as const;

/** The page's address as far as it makes sense; anything else in it is passed over. */
export function jobsSearch(raw: Record<string, unknown>): JobsSearch {
  const search: JobsSearch = {};
  if (jobStates.includes(raw.state as JobState)) search.state = raw.state as JobState;
  for (const [name, longest] of Object.entries(words) as [keyof typeof words, number][]) {
    const value = raw[name];
    if (typeof value === "string" && value && value.length <= longest) search[name] = value;
  }
  return search;
}
