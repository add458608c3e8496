import type { JobState } from "../api/model";

export const jobStates: readonly JobState[] = ["running", "queued", "waiting", "paused", "done", "failed", "cancelled"];
export const jobKinds = ["inspect", "preview", "hash", "proxy", "clip", "fetch"] as const;

export interface JobsSearch {
  state?: JobState;
  kind?: string;
}

/** The filters of the jobs page as they stand in its address. */
export function jobsSearch(raw: Record<string, unknown>): JobsSearch {
  const search: JobsSearch = {};
  if (jobStates.includes(raw.state as JobState)) search.state = raw.state as JobState;
  if ((jobKinds as readonly unknown[]).includes(raw.kind)) search.kind = raw.kind as string;
  return search;
}
