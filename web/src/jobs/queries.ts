import { infiniteQueryOptions, queryOptions, skipToken } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { Job, JobAction } from "../api/model";
import type { JobsFilter } from "./search";

const pageSize = 200;

/** Without a question for its parts, a list shows what people asked for, and not what that was split into. */
function asked(filter: JobsFilter) {
  return { ...filter, parts: Boolean(filter.parent || filter.text || filter.kind) };
}

/** The newest page, asked for again whenever jobs come or change their state. */
export const jobHeadQuery = (filter: JobsFilter) =>
  queryOptions({
    queryKey: ["jobs", "head", filter],
    queryFn: ({ signal }) => unwrap(client.GET("/api/jobs", { params: { query: { ...asked(filter), limit: pageSize } }, signal })),
    placeholderData: (previous) => previous,
  });

/** What is older than the newest page, as far as somebody has scrolled; kept up to date by announcements. */
export const olderJobsQuery = (filter: JobsFilter, after: string | null) =>
  infiniteQueryOptions({
    queryKey: ["jobs-older", filter, after],
    queryFn: ({ pageParam, signal }) =>
      unwrap(client.GET("/api/jobs", { params: { query: { ...asked(filter), limit: pageSize, after: pageParam } }, signal })),
    initialPageParam: after ?? "",
    getNextPageParam: (page) => page.next,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: false,
  });

/** What newer jobs have pushed out of the newest page since the older ones were begun; nobody asks the server for it. */
export const pushedOutQuery = (filter: JobsFilter, after: string | null) =>
  queryOptions<{ pages: { items: Job[] }[] }>({
    queryKey: ["jobs-older", filter, after, "pushed-out"],
    queryFn: skipToken,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/jobs/{job_id}", { params: { path: { job_id: id } }, signal })),
  });

/** What is wrong with the broker, in one sentence; null where all is well or there is none. */
export const brokerQuery = queryOptions({
  queryKey: ["broker"],
  queryFn: async ({ signal }) => {
    const { data } = await client.GET("/health/ready", { signal });
    return data?.checks.find((check) => check.name === "broker" && !check.ok)?.message ?? null;
  },
  refetchInterval: 10_000,
});

/** One verb for the named jobs, or for all that fit. */
export function actOnJobs(action: JobAction, ids: readonly string[] | null, filter: JobsFilter) {
  const body = ids ? { action, ids: [...ids] } : { action, matching: asked(filter) };
  return unwrap(client.POST("/api/jobs/actions", { body }));
}
