import { getRouteApi, Link } from "@tanstack/react-router";
import { ListChecks, Unplug } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { messageOf } from "../api/failure";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { BrokerNote } from "./BrokerNote";
import { JobList } from "./JobList";
import { JobPane } from "./JobPane";
import { ChosenBar, JobsBar } from "./JobsBar";
import styles from "./JobsPage.module.css";
import { type JobsFilter, jobStates, jobsSearch } from "./search";
import { nothing } from "./selection";
import { useJobs } from "./useJobs";

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
          <BrokerNote waiting={Boolean(counts?.queued)} />
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

function Nothing({ filter }: { filter: JobsFilter }) {
  const filtered = Boolean(filter.state || filter.kind || filter.text || filter.parent);
  return (
    <Notice icon={<ListChecks />} title={filtered ? "No job is in this state" : "Nothing to do yet"}>
      <p>{filtered ? "Choose another state or kind, or search for something else." : "Checks, proxies and clips appear here while they are made. Add a video to start some."}</p>
      {!filtered && <Link to="/">Go to the library</Link>}
    </Notice>
  );
}
