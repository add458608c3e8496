import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, CircleCheck, CircleDashed, CirclePause, Hourglass, LoaderCircle, OctagonX, RotateCcw, X } from "lucide-react";
import type { CSSProperties } from "react";
import { messageOf } from "../api/failure";
import type { Job, JobState } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { IconButton } from "../controls/Button";
import { Progress } from "../controls/Progress";
import { ago, exactly, formatEta, isoInstant } from "../time/when";
import styles from "./JobRow.module.css";
import { cancelJob, retryJob } from "./queries";

const looks: Record<JobState, { Icon: typeof Ban; word: string }> = {
  waiting: { Icon: Hourglass, word: "Waiting" },
  queued: { Icon: CircleDashed, word: "Queued" },
  running: { Icon: LoaderCircle, word: "Running" },
  paused: { Icon: CirclePause, word: "Paused" },
  done: { Icon: CircleCheck, word: "Done" },
  failed: { Icon: OctagonX, word: "Failed" },
  cancelled: { Icon: Ban, word: "Cancelled" },
};

export function JobRow({ job, style }: { job: Job; style: CSSProperties }) {
  const { Icon, word } = looks[job.state];
  const when = job.finished_at ?? job.started_at ?? job.created_at;
  return (
    <li className={styles.row} style={style} data-testid="job-row" data-job={job.id} data-state={job.state} data-kind={job.kind}>
      <span className={`${styles.state} ${styles[job.state]}`}>
        <Icon aria-hidden />
        {word}
      </span>
      <span className={styles.title}>
        {job.subject.startsWith("vid_") ? (
          <Link to="/videos/$videoId" params={{ videoId: job.subject }}>
            {job.title}
          </Link>
        ) : (
          job.title
        )}
        {job.error && (
          <span className={styles.error} title={job.error.hint ?? undefined}>
            {job.error.message}
          </span>
        )}
      </span>
      <span className={styles.progress}>{job.state === "running" && <Running job={job} />}</span>
      <span className={styles.number}>
        {job.attempts > 0 ? `${job.attempts} of ${job.max_attempts}` : "–"}
      </span>
      <time className={styles.when} dateTime={isoInstant(when)} title={exactly(when)}>
        {ago(when)}
      </time>
      <Actions job={job} />
    </li>
  );
}

function Running({ job }: { job: Job }) {
  const rest = job.eta_seconds !== null ? formatEta(job.eta_seconds) : null;
  return (
    <>
      <Progress value={job.progress} label={`${job.title}: ${job.stage ?? "running"}`} />
      <span className={styles.stage}>
        {[job.stage, `${Math.floor(job.progress * 100)} %`, rest].filter(Boolean).join(" · ")}
      </span>
    </>
  );
}

function Actions({ job }: { job: Job }) {
  const may = useMay();
  const act = useMutation({
    mutationFn: (verb: "cancel" | "retry") => (verb === "cancel" ? cancelJob(job.id) : retryJob(job.id)),
    onError: (error) => toast("bad", messageOf(error)),
  });
  if (!may.edit) return <span />;
  if (!["done", "failed", "cancelled"].includes(job.state)) {
    return (
      <IconButton label={`Cancel: ${job.title}`} onClick={() => act.mutate("cancel")} disabled={act.isPending}>
        <X />
      </IconButton>
    );
  }
  if (job.state === "done") return <span />;
  return (
    <IconButton label={`Try again: ${job.title}`} onClick={() => act.mutate("retry")} disabled={act.isPending}>
      <RotateCcw />
    </IconButton>
  );
}
