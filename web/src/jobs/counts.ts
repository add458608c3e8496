import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";

/** How many jobs are in each state; the rail shows how many are active. */
export const jobCountsQuery = queryOptions({
  queryKey: ["job-counts"],
  queryFn: async ({ signal }) => (await unwrap(client.GET("/api/jobs", { params: { query: { limit: 1 } }, signal }))).counts,
});
