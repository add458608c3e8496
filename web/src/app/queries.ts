import { QueryClient, queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import { Failure } from "../api/failure";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The event stream says what changed; polling would only repeat it.
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && !(error instanceof Failure && error.status >= 400 && error.status < 500),
    },
  },
});

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/session", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});
