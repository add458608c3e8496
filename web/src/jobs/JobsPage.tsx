import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ListChecks, Unplug } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { messageOf } from "../api/failure";
import { Button } from "../controls/Button";
import { Select } from "../controls/Field";
import { Notice } from "../controls/Notice";
import { Skeleton } from "../controls/Skeleton";
import { useRows } from "../controls/useRows";
import { JobRow } from "./JobRow";
import styles from "./JobsPage.module.css";
import { jobCountsQuery, jobsQuery } from "./queries";
import { type JobsSearch, jobKinds, jobStates } from "./search";

const route = getRouteApi("/shell/jobs");
const rowHeight = 36;
const kindOptions = [["", "Any kind"], ...jobKinds.map((kind) => [kind, kindWord(kind)] as const)] as const;

function kindWord(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}

export function JobsPage() {
  const search = route.useSearch();
  const query = useInfiniteQuery(jobsQuery(search));
  const jobs = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = "Jobs · Cutroom";
  }, []);
  const rows = useRows(scroller, jobs.length, rowHeight, 8);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const nearEnd = rows.to + 20 >= jobs.length;
  useEffect(() => {
    if (nearEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [nearEnd, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <div className={styles.page}>
      <Toolbar search={search} />
      <div className={styles.heads} aria-hidden>
        <span>State</span>
        <span>Job</span>
        <span>Progress</span>
        <span>Attempt</span>
        <span>When</span>
      </div>
      <div ref={scroller} className={styles.scroller} aria-busy={query.isPending}>
        {query.isPending ? (
          Array.from({ length: 12 }, (_, index) => <Skeleton key={index} className={styles.waiting} />)
        ) : query.isError ? (
          <Notice icon={<Unplug />} title="The jobs could not be read">
            <p role="alert">{messageOf(query.error)}</p>
            <Button onClick={() => void query.refetch()}>Try again</Button>
          </Notice>
        ) : jobs.length === 0 ? (
          <Nothing filtered={Boolean(search.state || search.kind)} />
        ) : (
          <ul style={{ height: rows.height, position: "relative" }} aria-label="Jobs" data-testid="job-list">
            {jobs.slice(rows.from, rows.to).map((job, offset) => (
              <JobRow key={job.id} job={job} style={{ transform: `translateY(${rows.top + offset * rowHeight}px)` }} />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function Toolbar({ search }: { search: JobsSearch }) {
  const navigate = route.useNavigate();
  const counts = useQuery(jobCountsQuery).data;
  const total = jobStates.reduce((sum, state) => sum + (counts?.[state] ?? 0), 0);
  return (
    <header className={styles.bar}>
      <h1 className={styles.title}>Jobs</h1>
      <div className={styles.states} role="group" aria-label="State">
        {[undefined, ...jobStates].map((state) => (
          <Link
            key={state ?? "all"}
            from="/jobs"
            to="/jobs"
            search={(before) => ({ ...before, state })}
            replace
            className={styles.state}
            aria-current={search.state === state ? "true" : undefined}
            data-testid={`state-${state ?? "all"}`}
          >
            {state ? kindWord(state) : "All"}
            <span>{(state ? (counts?.[state] ?? 0) : total).toLocaleString("en")}</span>
          </Link>
        ))}
      </div>
      <Select
        label="Kind"
        options={kindOptions}
        value={search.kind ?? ""}
        onChange={(event) => void navigate({ search: (before) => ({ ...before, kind: event.target.value || undefined }), replace: true })}
      />
    </header>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return (
    <Notice icon={<ListChecks />} title={filtered ? "No job is in this state" : "Nothing to do yet"}>
      <p>{filtered ? "Choose another state or kind." : "Checks, proxies and clips appear here while they are made. Add a video to start some."}</p>
      {!filtered && <Link to="/">Go to the library</Link>}
    </Notice>
  );
}
