import type { Job, JobState } from "../api/model";

/** The newest page before the older ones, each job once; what has left the asked state is not shown any more. */
export function mergeJobs(head: readonly Job[], older: readonly Job[], state?: JobState): Job[] {
  const known = new Set(head.map((job) => job.id));
  const merged = older.length ? [...head, ...older.filter((job) => !known.has(job.id))] : [...head];
  return state ? merged.filter((job) => job.state === state) : merged;
}

/** What the newest page showed before and ends above now; null when it does not reach what it showed any more. */
export function pushedOut(before: readonly Job[], now: readonly Job[]): Job[] | null {
  const [old, last] = [before.at(-1), now.at(-1)];
  if (!old || !last || last.created_at < old.created_at || (last.created_at === old.created_at && last.id <= old.id)) return [];
  const place = before.findIndex((job) => job.id === last.id);
  return place < 0 ? null : before.slice(place + 1);
}
