import { type CSSProperties, memo, type MouseEvent } from "react";
import type { Job } from "../api/model";
import { Progress } from "../controls/Progress";
import { ago, exactly, formatEta, isoInstant } from "../time/when";
import styles from "./JobRow.module.css";
import { isUnderWay, looks } from "./looks";

interface JobRowProps {
  job: Job;
  index: number;
  top: number;
  chosen: boolean;
  current: boolean;
  onPress: (id: string, event: MouseEvent) => void;
}

/** One line of the grid; clicking opens it, and with Ctrl, Shift or on its box chooses it. */
export const JobRow = memo(function JobRow({ job, index, top, chosen, current, onPress }: JobRowProps) {
  const { Icon, word } = looks[job.state];
  const when = job.finished_at ?? job.started_at ?? job.created_at;
  return (
    <div
      role="row"
      id={`row-${job.id}`}
      aria-rowindex={index + 1}
      aria-selected={chosen}
      className={styles.row}
      style={{ transform: `translateY(${top}px)` } as CSSProperties}
      data-testid="job-row"
      data-job={job.id}
      data-state={job.state}
      data-kind={job.kind}
      data-current={current || undefined}
      onClick={(event) => onPress(job.id, event)}
    >
      <span role="gridcell" className={styles.box} data-box aria-hidden>
        {chosen ? "✓" : ""}
      </span>
      <span role="gridcell" className={`${styles.state} ${styles[job.state]}`}>
        <Icon aria-hidden />
        {word}
      </span>
      <span role="gridcell" className={styles.title}>
        {job.title}
        {job.error && <span className={styles.error}>{job.error.message}</span>}
      </span>
      <span role="gridcell" className={styles.progress}>
        {isUnderWay(job) && <UnderWay job={job} />}
      </span>
      <span role="gridcell" className={styles.number}>
        {job.attempts > 0 ? `${job.attempts} of ${job.max_attempts}` : "–"}
      </span>
      <span role="gridcell" className={styles.when}>
        <time dateTime={isoInstant(when)} title={exactly(when)}>
          {ago(when)}
        </time>
      </span>
    </div>
  );
});

export function UnderWay({ job }: { job: Job }) {
  const rest = job.eta_seconds !== null ? formatEta(job.eta_seconds) : null;
  const stage = job.state === "waiting" ? "its parts" : job.stage;
  return (
    <>
      <Progress value={job.progress} label={`${job.title}: ${stage ?? "running"}`} />
      <span className={styles.stage}>{[stage, `${Math.floor(job.progress * 100)} %`, rest].filter(Boolean).join(" · ")}</span>
    </>
  );
}
