import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { JobsSearch } from "./search";

export const jobsQuery = (search: JobsSearch) =>
  infiniteQueryOptions({
    queryKey: ["jobs", search],
    queryFn: ({ pageParam, signal }) =>
      unwrap(client.GET("/api/jobs", { params: { query: { ...search, limit: 100, after: pageParam ?? undefined } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (previous) => previous,
  });

/** How many jobs are in each state. */
export const jobCountsQuery = queryOptions({
  queryKey: ["job-counts"],
  queryFn: async ({ signal }) => (await unwrap(client.GET("/api/jobs", { params: { query: { limit: 1 } }, signal }))).counts,
});

export const cancelJob = (id: string) => unwrap(client.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: id } } }));
export const retryJob = (id: string) => unwrap(client.POST("/api/jobs/{job_id}/retry", { params: { path: { job_id: id } } }));
