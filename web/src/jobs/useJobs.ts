import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Job } from "../api/model";
import { mergeJobs, pushedOut } from "./merge";
import { jobHeadQuery, olderJobsQuery, pushedOutQuery } from "./queries";
import type { JobsFilter } from "./search";

/** The newest page, live, and behind it the older ones as they are scrolled to. */
export function useJobs(filter: JobsFilter, sign: string) {
  const head = useQuery(jobHeadQuery(filter));
  // Older pages go on from where the head ended when they were first wanted.
  const [start, setStart] = useState<{ sign: string; after: string } | null>(null);
  const after = start?.sign === sign ? start.after : null;
  const older = useInfiniteQuery(olderJobsQuery(filter, after));
  const between = useQuery(pushedOutQuery(filter, after)).data?.pages[0]?.items;
  const next = head.data?.next ?? null;
  const { hasNextPage, isFetching, fetchNextPage, data } = older;
  const more = useCallback(() => {
    if (!next || isFetching) return;
    if (after === null) setStart({ sign, after: next });
    else if (!data || hasNextPage) void fetchNextPage();
  }, [next, isFetching, after, sign, data, hasNextPage, fetchNextPage]);
  useEffect(() => {
    if (after !== null && !data && !isFetching) void fetchNextPage();
  }, [after, data, isFetching, fetchNextPage]);
  useWhatIsPushedOut(filter, sign, after, head.data?.items, () => setStart(next ? { sign, after: next } : null));
  const jobs = useMemo(
    () => mergeJobs(head.data?.items ?? [], [...(between ?? []), ...(data?.pages.flatMap((page) => page.items) ?? [])], filter.state),
    [head.data, between, data, filter.state],
  );
  return { jobs, head, more };
}

/** Keeps what newer jobs push out of the head; `onGap` when so many came at once that some were never in it. */
function useWhatIsPushedOut(filter: JobsFilter, sign: string, after: string | null, items: readonly Job[] | undefined, onGap: () => void) {
  const client = useQueryClient();
  const shown = useRef<{ sign: string; items: readonly Job[] }>({ sign, items: [] });
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another head pushes jobs out
  useEffect(() => {
    const before = shown.current.sign === sign ? shown.current.items : [];
    shown.current = { sign, items: items ?? [] };
    if (after === null || !items) return;
    const out = pushedOut(before, items);
    if (out === null) onGap();
    else if (out.length) {
      client.setQueryData(pushedOutQuery(filter, after).queryKey, (kept) => ({ pages: [{ items: [...out, ...(kept?.pages[0]?.items ?? [])] }] }));
    }
  }, [items]);
}
