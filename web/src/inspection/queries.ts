import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { InspectionMode, ScheduleRequest } from "../api/model";
import type { InspectSearch } from "./search";
import { damaged } from "./statuses";

const first = { initialPageParam: null as string | null, getNextPageParam: (page: { next: string | null }) => page.next };
/** The last answer stays while a filter's is on its way: no flash between two letters of a search. */
const steady = <Data>(previous: Data) => previous;

export const scansQuery = infiniteQueryOptions({
  queryKey: ["scans"],
  queryFn: ({ pageParam, signal }) => unwrap(client.GET("/api/scans", { params: { query: { limit: 100, after: pageParam ?? undefined } }, signal })),
  ...first,
});

const scan = (id: string) => ({ path: { scan_id: id } });

export const scanQuery = (id: string) =>
  queryOptions({
    queryKey: ["scan", id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/scans/{scan_id}", { params: scan(id), signal })),
  });

export const statisticsQuery = queryOptions({
  queryKey: ["inspection", "statistics"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/inspection/statistics", { signal })),
});

type ResultFilter = Pick<InspectSearch, "scan" | "status" | "q">;

const statusesOf = (status: ResultFilter["status"]) => (status === "damaged" ? [...damaged] : status && [status]);

/** The results of one scan, or the newest of every file. */
export const resultsQuery = ({ scan: scanId = "all", status, q }: ResultFilter) =>
  infiniteQueryOptions({
    queryKey: ["inspection", "results", scanId, status ?? "", q ?? ""],
    queryFn: ({ pageParam, signal }) => {
      const query = { status: statusesOf(status), q, limit: 200, after: pageParam ?? undefined };
      if (scanId === "all") return unwrap(client.GET("/api/inspection/files", { params: { query }, signal }));
      return unwrap(client.GET("/api/scans/{scan_id}/results", { params: { ...scan(scanId), query }, signal }));
    },
    placeholderData: steady,
    // Hundreds of pages may be loaded: they are asked for again only where the page says so.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    ...first,
  });

export const resultQuery = (id: string) =>
  queryOptions({
    queryKey: ["inspection", "result", id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/inspection/results/{result_id}", { params: { path: { result_id: id } }, signal })),
  });

/** Every verdict on a video of the library, newest first. */
export const videoInspectionsQuery = (id: string) =>
  queryOptions({
    queryKey: ["inspection", "video", id],
    queryFn: async ({ signal }) => (await unwrap(client.GET("/api/videos/{video_id}/inspections", { params: { path: { video_id: id } }, signal }))).items,
  });

/** The verdicts on the library's videos, for those who see no scans. */
export const libraryVerdictsQuery = ({ status, q }: ResultFilter) =>
  infiniteQueryOptions({
    queryKey: ["videos", "verdicts", status ?? "", q ?? ""],
    queryFn: ({ pageParam, signal }) => {
      const query = { q, verdict: statusesOf(status), sort: "name" as const, limit: 100, after: pageParam ?? undefined };
      return unwrap(client.GET("/api/videos", { params: { query }, signal }));
    },
    placeholderData: steady,
    ...first,
  });

export const schedulesQuery = queryOptions({
  queryKey: ["schedules"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/scans/schedules", { signal })),
});

export const duplicatesQuery = infiniteQueryOptions({
  queryKey: ["inspection", "duplicates"],
  queryFn: ({ pageParam, signal }) =>
    unwrap(client.GET("/api/inspection/duplicates", { params: { query: { limit: 100, after: pageParam ?? undefined } }, signal })),
  ...first,
});

/** What is looked at, and how deep; what is left out is as usual. */
export interface ScanOrder {
  roots?: string[];
  library?: boolean;
  mode: InspectionMode;
  recursive?: boolean;
  extensions?: string[];
  rescan?: boolean;
  max_seconds_per_file?: number | null;
}

export const startScan = (body: ScanOrder) => unwrap(client.POST("/api/scans", { body }));
export const cancelScan = (id: string) => unwrap(client.POST("/api/scans/{scan_id}/cancel", { params: scan(id) }));
export const resumeScan = (id: string) => unwrap(client.POST("/api/scans/{scan_id}/resume", { params: scan(id) }));
export const deleteScan = (id: string) => unwrap(client.DELETE("/api/scans/{scan_id}", { params: scan(id) }));
export const inspectVideo = (id: string, mode: InspectionMode) =>
  unwrap(client.POST("/api/videos/{video_id}/inspect", { params: { path: { video_id: id } }, body: { mode } }));

const schedule = (id: string) => ({ path: { schedule_id: id } });

export const addSchedule = (body: ScheduleRequest) => unwrap(client.POST("/api/scans/schedules", { body }));
export const changeSchedule = (id: string, body: Partial<ScheduleRequest>) =>
  unwrap(client.PATCH("/api/scans/schedules/{schedule_id}", { params: schedule(id), body }));
export const deleteSchedule = (id: string) => unwrap(client.DELETE("/api/scans/schedules/{schedule_id}", { params: schedule(id) }));
export const runSchedule = (id: string) => unwrap(client.POST("/api/scans/schedules/{schedule_id}/run", { params: schedule(id) }));

export const reportFormats = [
  ["html", "HTML"],
  ["pdf", "PDF"],
  ["csv", "CSV"],
  ["jsonl", "JSONL"],
  ["json", "JSON"],
] as const;

export const reportUrl = (id: string, format: string): string => `/api/scans/${encodeURIComponent(id)}/report?format=${format}`;
