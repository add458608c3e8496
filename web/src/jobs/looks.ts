import { Ban, CircleCheck, CircleDashed, CirclePause, Hourglass, LoaderCircle, OctagonX } from "lucide-react";
import type { Job, JobAction, JobState } from "../api/model";

export const looks: Record<JobState, { Icon: typeof Ban; word: string }> = {
  waiting: { Icon: Hourglass, word: "Waiting" },
  queued: { Icon: CircleDashed, word: "Queued" },
  running: { Icon: LoaderCircle, word: "Running" },
  paused: { Icon: CirclePause, word: "Paused" },
  done: { Icon: CircleCheck, word: "Done" },
  failed: { Icon: OctagonX, word: "Failed" },
  cancelled: { Icon: Ban, word: "Cancelled" },
};

/** States in which an action changes something. */
export const actionStates: Record<JobAction, readonly JobState[]> = {
  pause: ["waiting", "queued", "running"],
  resume: ["paused"],
  retry: ["failed", "cancelled"],
  cancel: ["waiting", "queued", "running", "paused"],
};

export const actionWords: Record<JobAction, string> = { pause: "Pause", resume: "Resume", retry: "Try again", cancel: "Cancel" };
export const actionNames = Object.keys(actionWords) as JobAction[];

export function actionsFor(state: JobState): JobAction[] {
  return actionNames.filter((action) => actionStates[action].includes(state));
}

/** Whether how far it is can be said: it runs, or waits for parts that do. */
export function isUnderWay(job: Job): boolean {
  return job.state === "running" || ((job.state === "waiting" || job.state === "paused") && job.progress > 0);
}
