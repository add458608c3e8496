import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { Topic } from "../api/live";

export interface Patch {
  id: string;
  deleted?: boolean;
  video_id?: string;
  [field: string]: unknown;
}

interface Listed {
  items: { id: string }[];
}

/** The pages with the changed row in place of the old one; the same object when the row is on none of them. */
export function patchPages<Page extends Listed>(data: InfiniteData<Page>, patch: Patch): InfiniteData<Page> {
  let found = false;
  const pages = data.pages.map((page) => {
    const index = page.items.findIndex((item) => item.id === patch.id);
    if (index < 0) return page;
    found = true;
    const items = patch.deleted ? page.items.toSpliced(index, 1) : page.items.with(index, { ...page.items[index], ...patch });
    return { ...page, items };
  });
  return found ? { ...data, pages } : data;
}

const lists: Record<Topic, string> = { "video.changed": "videos", "job.changed": "jobs", "clip.changed": "clips" };
const waiting = new Map<string, ReturnType<typeof setTimeout>>();

/** Many announcements, one refetch: a folder of thousands must not ask for the list thousands of times. */
function refetchSoon(client: QueryClient, key: string, after = 400): void {
  if (waiting.has(key)) return;
  const timer = setTimeout(() => {
    waiting.delete(key);
    void client.invalidateQueries({ queryKey: [key] });
  }, after);
  waiting.set(key, timer);
}

/** An open video takes the row at once, and asks for the rest when there can be more of it. */
function patchVideo(client: QueryClient, patch: Patch): void {
  const key = ["video", patch.id];
  const shown = client.getQueryData<Record<string, unknown>>(key);
  if (!shown) return;
  client.setQueryData(key, { ...shown, ...patch });
  const moved = ["proxy_state", "verdict", "poster", "sprite"].some((field) => field in patch && patch[field] !== shown[field]);
  if (moved || !shown.playlist || patch.deleted) refetchSoon(client, "video", 150);
}

/** Puts one announced row into every list and detail that shows it. */
export function patchCache(client: QueryClient, topic: Topic, patch: Patch): void {
  const list = lists[topic];
  let known = false;
  for (const [key, data] of client.getQueriesData<InfiniteData<Listed>>({ queryKey: [list] })) {
    if (!data?.pages) continue;
    const next = patchPages(data, patch);
    if (next === data) continue;
    known = true;
    client.setQueryData(key, next);
  }
  // A new row belongs somewhere that only the server's order and filters can tell.
  if (!known || patch.deleted) refetchSoon(client, list);
  if (topic === "video.changed") patchVideo(client, patch);
  if (topic === "job.changed" && patch.state !== "running") refetchSoon(client, "job-counts");
}
