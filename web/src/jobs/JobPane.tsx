import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Unplug, X } from "lucide-react";
import { messageOf } from "../api/failure";
import type { Job, JobAction, JobDetail } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { Button, IconButton } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { ago, exactly, isoInstant } from "../time/when";
import { AttemptTimeline } from "./AttemptTimeline";
import styles from "./JobPane.module.css";
import { UnderWay } from "./JobRow";
import rowStyles from "./JobRow.module.css";
import { actionsFor, actionWords, isUnderWay, looks } from "./looks";
import { actOnJobs, jobQuery } from "./queries";

/** Everything about one job: what it works for, its attempts drawn on a line, its parts, what it printed. */
export function JobPane({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(jobQuery(id));
  const job = query.data;
  return (
    <aside className={styles.pane} aria-label="Job" data-testid="job-pane">
      <header className={styles.header}>
        <h2>{job?.title ?? "Job"}</h2>
        <IconButton label="Close" hint="Esc in the list" onClick={onClose}>
          <X />
        </IconButton>
      </header>
      {query.isError ? (
        <Notice icon={<Unplug />} title="This job cannot be shown">
          <p role="alert">{messageOf(query.error)}</p>
        </Notice>
      ) : (
        job && <Details job={job} />
      )}
    </aside>
  );
}

function Details({ job }: { job: JobDetail }) {
  const { Icon, word } = looks[job.state];
  const log = job.history.at(-1)?.log;
  return (
    <div className={styles.body}>
      <div className={styles.line}>
        <span className={`${rowStyles.state} ${rowStyles[job.state]}`}>
          <Icon aria-hidden />
          {word}
        </span>
        <Actions job={job} />
      </div>
      {isUnderWay(job) && (
        <div className={rowStyles.progress}>
          <UnderWay job={job} />
        </div>
      )}
      {job.error && (
        <p className={styles.error} role="status">
          {job.error.message}
          {job.error.hint && <span>{job.error.hint}</span>}
          <code>{job.error.code}</code>
        </p>
      )}
      <Facts job={job} />
      {job.parts && <Parts job={job} />}
      <section>
        <h3>Attempts</h3>
        {job.history.length ? <AttemptTimeline attempts={job.history} /> : <p className={styles.quiet}>It has not been begun yet.</p>}
      </section>
      {log && (
        <section>
          <h3>Log</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre className={styles.log} tabIndex={0} aria-label="End of the log">
            {log}
          </pre>
        </section>
      )}
    </div>
  );
}

function Facts({ job }: { job: JobDetail }) {
  const facts: [string, React.ReactNode][] = [
    ["Kind", `${job.kind}, queue ${job.queue}`],
    ["Works for", job.subject.startsWith("vid_") ? <Link to="/videos/$videoId" params={{ videoId: job.subject }}>Open the video</Link> : job.subject],
    ["Asked for", <time key="created" dateTime={isoInstant(job.created_at)} title={exactly(job.created_at)}>{ago(job.created_at)}</time>],
    ["Priority", job.priority],
    ["Id", <code key="id">{job.id}</code>],
  ];
  if (job.pending > 0) facts.splice(2, 0, ["Waits for", `${job.pending} ${job.pending === 1 ? "job" : "jobs"}`]);
  if (job.parent_id) facts.splice(2, 0, ["Part of", <Link key="parent" from="/jobs" to="/jobs" search={(before) => ({ ...before, job: job.parent_id ?? undefined })}>The whole</Link>]);
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Parts({ job }: { job: JobDetail }) {
  const states = Object.entries(job.parts?.states ?? {}) as [Job["state"], number][];
  return (
    <section>
      <h3>Parts</h3>
      <p className={styles.parts}>
        {states.map(([state, number]) => (
          <span key={state} className={`${rowStyles.state} ${rowStyles[state]}`}>
            {number} {looks[state].word.toLowerCase()}
          </span>
        ))}
        <Link from="/jobs" to="/jobs" search={(before) => ({ parent: job.id, job: before.job })}>
          List all {job.parts?.total}
        </Link>
      </p>
    </section>
  );
}

function Actions({ job }: { job: Job }) {
  const may = useMay();
  const act = useMutation({
    mutationFn: (action: JobAction) => actOnJobs(action, [job.id], {}),
    onSuccess: (answer) => {
      const error = answer.items[0]?.error;
      if (error) toast("bad", error.message);
    },
    onError: (error) => toast("bad", messageOf(error)),
  });
  if (!may.edit) return null;
  return (
    <span className={styles.actions}>
      {actionsFor(job.state).map((action) => (
        <Button key={action} look={action === "cancel" ? "danger" : "plain"} disabled={act.isPending} onClick={() => act.mutate(action)}>
          {actionWords[action]}
        </Button>
      ))}
    </span>
  );
}
