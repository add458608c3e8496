import type { Job, JobState } from "../api/model";

/** The newest page before the older ones, each job once; what has left the asked state is not shown any more. */
export function mergeJobs(head: readonly Job[], older: readonly Job[], state?: JobState): Job[] {
  const known = new Set(head.map((job) => job.id));
  const merged = older.length ? [...head, ...older.filter((job) => !known.has(job.id))] : [...head];
  return state ? merged.filter((job) => job.state === state) : merged;
}
