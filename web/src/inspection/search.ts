import type { FileStatus } from "../api/model";
import { isStatus } from "./statuses";

export type View = "scans" | "schedules" | "duplicates";

/** What the page shows, as it stands in its address. */
export interface InspectSearch {
  view?: Exclude<View, "scans">;
  /** The scan whose results are shown; "all" for the newest result of every file. */
  scan?: string;
  status?: FileStatus | "damaged";
  q?: string;
  /** The result whose findings are shown. */
  file?: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" || typeof value === "number" ? String(value) || undefined : undefined);

export function inspectSearch(raw: Record<string, unknown>): InspectSearch {
  const search: InspectSearch = {};
  if (raw.view === "schedules" || raw.view === "duplicates") search.view = raw.view;
  if (isStatus(raw.status) || raw.status === "damaged") search.status = raw.status;
  for (const name of ["scan", "q", "file"] as const) {
    const value = text(raw[name]);
    if (value) search[name] = value;
  }
  return search;
}
