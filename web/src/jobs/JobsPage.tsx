import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ListChecks, Unplug } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { messageOf } from "../api/failure";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { JobList } from "./JobList";
import { JobPane } from "./JobPane";
import { ChosenBar, JobsBar } from "./JobsBar";
import styles from "./JobsPage.module.css";
import { mergeJobs } from "./merge";
import { jobHeadQuery, olderJobsQuery } from "./queries";
import { type JobsFilter, jobStates, jobsSearch } from "./search";
import { nothing } from "./selection";

const route = getRouteApi("/shell/jobs");

export function JobsPage() {
  const { job: open, ...filter } = jobsSearch(route.useSearch() as Record<string, unknown>);
  const navigate = route.useNavigate();
  const [selection, setSelection] = useState(nothing);
  useEffect(() => {
    document.title = "Jobs · Cutroom";
  }, []);
  const sign = JSON.stringify(filter);
  useEffect(() => setSelection(nothing), [sign]);
  const show = useCallback((id?: string) => void navigate({ search: (before) => ({ ...before, job: id }), replace: true }), [navigate]);
  const { jobs, head, more } = useJobs(filter, sign);
  const counts = head.data?.counts;
  const total = counts ? (filter.state ? counts[filter.state] : jobStates.reduce((sum, state) => sum + counts[state], 0)) : jobs.length;
  return (
    <div className={styles.page}>
      <JobsBar filter={filter} counts={counts} />
      <div className={styles.panes} data-open={open ? "" : undefined}>
        <section className={styles.list} aria-label="List of jobs">
          <ChosenBar filter={filter} selection={selection} total={total} onSelect={setSelection} />
          <div className={styles.heads} aria-hidden>
            <span />
            <span>State</span>
            <span>Job</span>
            <span>Progress</span>
            <span>Attempt</span>
            <span>When</span>
          </div>
          {head.isError ? (
            <Notice icon={<Unplug />} title="The jobs could not be read">
              <p role="alert">{messageOf(head.error)}</p>
              <Button onClick={() => void head.refetch()}>Try again</Button>
            </Notice>
          ) : (
            <JobList
              jobs={jobs}
              total={total}
              pending={head.isPending}
              empty={<Nothing filter={filter} />}
              selection={selection}
              onSelect={setSelection}
              onOpen={show}
              onNearEnd={more}
            />
          )}
        </section>
        {open && <JobPane key={open} id={open} onClose={() => show()} />}
      </div>
    </div>
  );
}

/** The newest page, live, and behind it the older ones as they are scrolled to. */
function useJobs(filter: JobsFilter, sign: string) {
  const head = useQuery(jobHeadQuery(filter));
  // Older pages go on from where the head ended when they were first wanted; the head may grow past it since.
  const [start, setStart] = useState<{ sign: string; after: string } | null>(null);
  const after = start?.sign === sign ? start.after : null;
  const older = useInfiniteQuery(olderJobsQuery(filter, after));
  const next = head.data?.next ?? null;
  const last = head.data?.items.at(-1)?.id;
  const oldest = older.data?.pages[0]?.items[0]?.id;
  // So many came that the head does not reach the older pages any more: begin again.
  const torn = Boolean(last && oldest && after && next && last > oldest && next !== after && !overlaps(head.data?.items, after));
  useEffect(() => {
    if (torn && next) setStart({ sign, after: next });
  }, [torn, next, sign]);
  const { hasNextPage, isFetching, fetchNextPage, data } = older;
  const more = useCallback(() => {
    if (!next || isFetching) return;
    if (after === null) setStart({ sign, after: next });
    else if (!data || hasNextPage) void fetchNextPage();
  }, [next, isFetching, after, sign, data, hasNextPage, fetchNextPage]);
  useEffect(() => {
    if (after !== null && !data && !isFetching) void fetchNextPage();
  }, [after, data, isFetching, fetchNextPage]);
  const jobs = useMemo(() => mergeJobs(head.data?.items ?? [], data?.pages.flatMap((page) => page.items) ?? [], filter.state), [head.data, data, filter.state]);
  return { jobs, head, more };
}

/** Whether the job that a cursor names (`created.id`) is among these. */
function overlaps(items: readonly { id: string }[] | undefined, cursor: string): boolean {
  const id = cursor.slice(cursor.indexOf(".") + 1);
  return Boolean(items?.some((job) => job.id === id));
}

function Nothing({ filter }: { filter: JobsFilter }) {
  const filtered = Boolean(filter.state || filter.kind || filter.text || filter.parent);
  return (
    <Notice icon={<ListChecks />} title={filtered ? "No job is in this state" : "Nothing to do yet"}>
      <p>{filtered ? "Choose another state or kind, or search for something else." : "Checks, proxies and clips appear here while they are made. Add a video to start some."}</p>
      {!filtered && <Link to="/">Go to the library</Link>}
    </Notice>
  );
}
