import { CircleCheck, CircleDashed, CirclePause, LoaderCircle, type LucideIcon, Unlink } from "lucide-react";
import type { Scan, ScanState } from "../api/model";
import { formatDuration } from "../time/timecode";
import { formatBytes, formatEta } from "../time/when";

export const scanLooks: Readonly<Record<ScanState, { Icon: LucideIcon; word: string; tone: string }>> = {
  queued: { Icon: CircleDashed, word: "Queued", tone: "idle" },
  running: { Icon: LoaderCircle, word: "Running", tone: "running" },
  stopped: { Icon: CirclePause, word: "Stopped", tone: "warn" },
  done: { Icon: CircleCheck, word: "Done", tone: "ok" },
  abandoned: { Icon: Unlink, word: "Abandoned", tone: "idle" },
};

export const isActive = (scan: Pick<Scan, "state">): boolean => scan.state === "running" || scan.state === "queued";
export const canResume = (scan: Pick<Scan, "state">): boolean => scan.state === "stopped" || scan.state === "abandoned";

const whole = (value: number): string => value.toLocaleString("en");

export function filesOf(scan: Pick<Scan, "files" | "files_total">): string {
  const noun = (scan.files_total ?? scan.files) === 1 ? "file" : "files";
  return scan.files_total !== null && scan.files_total !== scan.files ? `${whole(scan.files)} of ${whole(scan.files_total)} ${noun}` : `${whole(scan.files)} ${noun}`;
}

/** Digits that can still be told apart while they change twice a second. */
export function rate(value: number): string {
  return value >= 100 ? whole(Math.round(value)) : value.toFixed(value >= 10 ? 0 : 1);
}

/** "310 files/s", "1.2 GB/s", "4 min left": a running scan in numbers, in the order that people read them. */
export function paceOf(scan: Scan): string[] {
  const speed = scan.mb_per_second >= 1000 ? `${(scan.mb_per_second / 1000).toFixed(1)} GB/s` : `${rate(scan.mb_per_second)} MB/s`;
  const rest = scan.eta_seconds !== null ? formatEta(scan.eta_seconds) : scan.files_total === null ? "still counting" : null;
  return [`${rate(scan.files_per_second)} files/s`, speed, rest].filter((part): part is string => part !== null);
}

/** What a scan came to. */
export function totalsOf(scan: Scan): string[] {
  const time = scan.seconds >= 1 ? `in ${formatDuration(scan.seconds)}` : scan.seconds > 0 ? `in ${scan.seconds.toFixed(1)} s` : null;
  const kept = scan.kept > 0 ? `${whole(scan.kept)} unchanged` : null;
  return [filesOf(scan), formatBytes(scan.bytes), time, kept].filter((part): part is string => part !== null);
}

export function progressOf(scan: Pick<Scan, "files" | "files_total">): number | null {
  return scan.files_total ? Math.min(1, scan.files / scan.files_total) : null;
}
