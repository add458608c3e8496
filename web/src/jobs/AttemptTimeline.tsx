import type { JobAttempt } from "../api/model";
import { exactly } from "../time/when";
import styles from "./AttemptTimeline.module.css";

const outcomes: Record<NonNullable<JobAttempt["outcome"]> | "running", string> = {
  running: "under way",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
  lost: "its worker vanished",
  released: "given back",
  paused: "paused",
};

interface Stretch {
  readonly stage: string;
  readonly seconds: number;
  /** Of the longest attempt, 0 to 1. */
  readonly from: number;
  readonly width: number;
}

/** Stages one after another; what comes before the first is the start. */
export function stretches(attempt: JobAttempt, longest: number, now: number): Stretch[] {
  const end = attempt.finished_at ?? now;
  const marks = [{ stage: "starting", at: attempt.started_at }, ...attempt.stages];
  return marks
    .map((mark, index) => ({ stage: mark.stage, from: mark.at, to: marks[index + 1]?.at ?? end }))
    .filter(({ from, to }) => to > from)
    .map(({ stage, from, to }) => ({
      stage,
      seconds: (to - from) / 1e6,
      from: (from - attempt.started_at) / longest,
      width: (to - from) / longest,
    }));
}

function said(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Each attempt as a line as long as it took, cut into its stages. */
export function AttemptTimeline({ attempts }: { attempts: readonly JobAttempt[] }) {
  const now = Date.now() * 1000;
  const longest = Math.max(1, ...attempts.map((attempt) => (attempt.finished_at ?? now) - attempt.started_at));
  return (
    <ol className={styles.attempts} data-testid="attempts">
      {attempts.map((attempt) => {
        const outcome = attempt.outcome ?? "running";
        const parts = stretches(attempt, longest, now);
        const seconds = ((attempt.finished_at ?? now) - attempt.started_at) / 1e6;
        return (
          <li key={attempt.fence}>
            <p>
              Attempt {attempt.number}: <b data-outcome={outcome}>{outcomes[outcome]}</b> after {said(seconds)}
              <span title={exactly(attempt.started_at)}>{attempt.worker.split(":").slice(0, 2).join(", process ")}</span>
            </p>
            <svg className={styles.line} viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" aria-label={parts.map((part) => `${part.stage} ${said(part.seconds)}`).join(", ")}>
              {parts.map((part, index) => (
                <rect key={`${part.stage}-${part.from}`} x={part.from * 1000} width={Math.max(2, part.width * 1000 - 2)} height="12" data-tone={index === parts.length - 1 ? outcome : index % 2} />
              ))}
            </svg>
            <ul className={styles.stages}>
              {parts.slice(0, 12).map((part) => (
                <li key={`${part.stage}-${part.from}`}>
                  {part.stage} <span>{said(part.seconds)}</span>
                </li>
              ))}
            </ul>
            {attempt.error && <p className={styles.error}>{attempt.error.message}</p>}
          </li>
        );
      })}
    </ol>
  );
}
