import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { DuplicateGroup, FileResult, Listed, ResultDetail, Scan, ScanRequest, Schedule, ScheduleRequest, Statistics, VideoInspection } from "./contract";
import type { Mode } from "./modes";
import type { InspectSearch } from "./search";
import { damaged } from "./statuses";

// biome-ignore lint: the generated client does not know these routes yet.
const api = client as any;

const first = { initialPageParam: null as string | null, getNextPageParam: (page: Listed<unknown>) => page.next };
/** The last answer stays while a filter's is on its way: no flash between two letters of a search. */
const steady = <Data>(previous: Data) => previous;

export const scansQuery = infiniteQueryOptions({
  queryKey: ["scans"],
  queryFn: ({ pageParam, signal }): Promise<Listed<Scan>> =>
    unwrap(api.GET("/api/scans", { params: { query: { limit: 100, after: pageParam ?? undefined } }, signal })),
  ...first,
});

export const scanQuery = (id: string) =>
  queryOptions({
    queryKey: ["scan", id],
    queryFn: ({ signal }): Promise<Scan> => unwrap(api.GET("/api/scans/{scan_id}", { params: { path: { scan_id: id } }, signal })),
  });

export const statisticsQuery = queryOptions({
  queryKey: ["inspection", "statistics"],
  queryFn: ({ signal }): Promise<Statistics> => unwrap(api.GET("/api/inspection/statistics", { signal })),
});

export type ResultFilter = Pick<InspectSearch, "scan" | "status" | "q">;

/** The results of one scan, or the newest of every file. */
export const resultsQuery = ({ scan, status, q }: ResultFilter) =>
  infiniteQueryOptions({
    queryKey: ["inspection", "results", scan ?? "all", status ?? "", q ?? ""],
    queryFn: ({ pageParam, signal }): Promise<Listed<FileResult>> => {
      const query = { status: status === "damaged" ? damaged : status && [status], q, limit: 200, after: pageParam ?? undefined };
      if (!scan || scan === "all") return unwrap(api.GET("/api/inspection/files", { params: { query }, signal }));
      return unwrap(api.GET("/api/scans/{scan_id}/results", { params: { path: { scan_id: scan }, query }, signal }));
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
    queryFn: ({ signal }): Promise<ResultDetail> => unwrap(api.GET("/api/inspection/results/{result_id}", { params: { path: { result_id: id } }, signal })),
  });

export const videoInspectionsQuery = (id: string) =>
  queryOptions({
    queryKey: ["inspection", "video", id],
    queryFn: async ({ signal }): Promise<VideoInspection[]> =>
      (await unwrap<Listed<VideoInspection>>(api.GET("/api/videos/{video_id}/inspections", { params: { path: { video_id: id } }, signal }))).items,
  });

/** The verdicts on the library's videos, for those who see no scans. */
export const libraryVerdictsQuery = ({ status, q }: ResultFilter) =>
  infiniteQueryOptions({
    queryKey: ["videos", "verdicts", status ?? "", q ?? ""],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET("/api/videos", {
          params: { query: { q, verdict: status === "damaged" ? [...damaged] : status && [status], sort: "name", limit: 100, after: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: steady,
  });

export const schedulesQuery = queryOptions({
  queryKey: ["schedules"],
  queryFn: ({ signal }): Promise<Listed<Schedule>> => unwrap(api.GET("/api/scans/schedules", { signal })),
});

export const duplicatesQuery = infiniteQueryOptions({
  queryKey: ["inspection", "duplicates"],
  queryFn: ({ pageParam, signal }): Promise<Listed<DuplicateGroup>> =>
    unwrap(api.GET("/api/inspection/duplicates", { params: { query: { limit: 100, after: pageParam ?? undefined } }, signal })),
  ...first,
});

const scan = (id: string) => ({ params: { path: { scan_id: id } } });
const schedule = (id: string) => ({ params: { path: { schedule_id: id } } });

export const startScan = (body: ScanRequest): Promise<Scan> => unwrap(api.POST("/api/scans", { body }));
export const cancelScan = (id: string): Promise<Scan> => unwrap(api.POST("/api/scans/{scan_id}/cancel", scan(id)));
export const resumeScan = (id: string): Promise<Scan> => unwrap(api.POST("/api/scans/{scan_id}/resume", scan(id)));
export const deleteScan = (id: string): Promise<unknown> => unwrap(api.DELETE("/api/scans/{scan_id}", scan(id)));
export const inspectVideo = (id: string, mode: Mode): Promise<unknown> =>
  unwrap(api.POST("/api/videos/{video_id}/inspect", { params: { path: { video_id: id } }, body: { mode } }));

export const addSchedule = (body: ScheduleRequest): Promise<Schedule> => unwrap(api.POST("/api/scans/schedules", { body }));
export const changeSchedule = (id: string, body: Partial<ScheduleRequest>): Promise<Schedule> =>
  unwrap(api.PATCH("/api/scans/schedules/{schedule_id}", { ...schedule(id), body }));
export const deleteSchedule = (id: string): Promise<unknown> => unwrap(api.DELETE("/api/scans/schedules/{schedule_id}", schedule(id)));
export const runSchedule = (id: string): Promise<unknown> => unwrap(api.POST("/api/scans/schedules/{schedule_id}/run", schedule(id)));

export const reportFormats = [
  ["html", "HTML"],
  ["pdf", "PDF"],
  ["csv", "CSV"],
  ["jsonl", "JSONL"],
  ["json", "JSON"],
] as const;

export const reportUrl = (id: string, format: string): string => `/api/scans/${encodeURIComponent(id)}/report?format=${format}`;
