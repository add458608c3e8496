import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import type { Topic } from "../api/live";

export interface Patch {
  id: string;
  deleted?: boolean;
  video_id?: string;
  subject?: string;
  kind?: string;
  state?: string;
  stage?: string | null;
  progress?: number;
  [field: string]: unknown;
}

interface Listed {
  items: { id: string }[];
}

type Change = (row: Record<string, unknown>) => Record<string, unknown> | null;

/** The pages with one row changed, or taken out when `change` gives null; the same object when no page shows it. */
export function patchPages<Page extends Listed>(data: InfiniteData<Page>, id: string, change: Change): InfiniteData<Page> {
  let found = false;
  const pages = data.pages.map((page) => {
    const index = page.items.findIndex((item) => item.id === id);
    if (index < 0) return page;
    found = true;
    const changed = change(page.items[index] as Record<string, unknown>) as Listed["items"][number] | null;
    return { ...page, items: changed ? page.items.with(index, changed) : page.items.toSpliced(index, 1) };
  });
  return found ? { ...data, pages } : data;
}

function patchLists(client: QueryClient, list: string, id: string, change: Change): void {
  for (const [key, data] of client.getQueriesData<InfiniteData<Listed>>({ queryKey: [list] })) {
    if (data?.pages) client.setQueryData(key, patchPages(data, id, change));
  }
}

const waiting = new Set<string>();

/** Many announcements, one refetch: a folder of thousands must not ask for its list thousands of times. */
function refetchSoon(client: QueryClient, queryKey: QueryKey, after: number): void {
  const name = queryKey.join();
  if (waiting.has(name)) return;
  waiting.add(name);
  setTimeout(() => {
    waiting.delete(name);
    void client.invalidateQueries({ queryKey });
  }, after);
}

let seen = new Set<string>();

/** Whether a row says something beyond progress: then lists may gain or lose it, and more of it can be fetched. */
function isNews(...signs: unknown[]): boolean {
  const sign = signs.join();
  if (seen.has(sign)) return false;
  if (seen.size > 5000) seen = new Set();
  seen.add(sign);
  return true;
}

function videoChanged(client: QueryClient, patch: Patch): void {
  const key = ["video", patch.id];
  patchLists(client, "videos", patch.id, (row) => (patch.deleted ? null : { ...row, ...patch }));
  client.setQueryData(key, (shown?: object) => shown && { ...shown, ...patch });
  refetchSoon(client, key, 150);
  refetchSoon(client, ["inspection", "video", patch.id], 300);
  const { id, deleted, name, visibility, verdict, proxy_state: proxy, has_poster: poster } = patch;
  if (isNews(id, deleted, name, visibility, verdict, proxy, poster)) refetchSoon(client, ["videos"], 600);
}

/** The job's own rows, and the progress of the proxy on the video it is made for. */
function jobChanged(client: QueryClient, patch: Patch): void {
  const change = (row: Record<string, unknown>) => ({ ...row, ...patch });
  for (const [key, page] of client.getQueriesData<Listed>({ queryKey: ["jobs"] })) {
    if (page?.items.some((row) => row.id === patch.id)) {
      client.setQueryData(key, { ...page, items: page.items.map((row) => (row.id === patch.id ? change(row as never) : row)) });
    }
  }
  patchLists(client, "jobs-older", patch.id, change);
  refetchSoon(client, ["job", patch.id], 400);
  if (isNews(patch.id, patch.state)) {
    refetchSoon(client, ["jobs"], 500);
    refetchSoon(client, ["job-counts"], 1000);
  }
  // One that is made in parts waits for them, and says how far they are.
  if (patch.kind !== "proxy" || !["running", "waiting"].includes(patch.state ?? "") || !patch.subject) return;
  const { stage, progress } = patch;
  const onVideo = (row: Record<string, unknown>) => ({ ...row, jobs: { ...(row.jobs as object), stage, progress } });
  patchLists(client, "videos", patch.subject, onVideo);
  const key = ["video", patch.subject];
  const shown = client.getQueryData<Record<string, unknown>>(key);
  if (!shown) return;
  client.setQueryData(key, onVideo(shown));
  // It becomes playable somewhere on the way.
  if (!shown.playlist) refetchSoon(client, key, 400);
}

/** A scan's counts arrive twice a second and need no question; only a new scan or state does. */
function scanChanged(client: QueryClient, patch: Patch): void {
  const change = (row: Record<string, unknown>) => (patch.deleted ? null : { ...row, ...patch });
  patchLists(client, "scans", patch.id, change);
  client.setQueryData(["scan", patch.id], (shown?: object) => shown && { ...shown, ...patch });
  if (!isNews(patch.id, patch.state, patch.deleted)) return;
  refetchSoon(client, ["scans"], 300);
  for (const part of ["statistics", "result"]) refetchSoon(client, ["inspection", part], 600);
}

/** Puts one announced row into every list and page that shows it. */
export function patchCache(client: QueryClient, topic: Topic, patch: Patch): void {
  if (topic === "video.changed") videoChanged(client, patch);
  else if (topic === "job.changed") jobChanged(client, patch);
  else if (topic === "scan.changed") scanChanged(client, patch);
  else refetchSoon(client, ["clips", patch.video_id], 60);
}
