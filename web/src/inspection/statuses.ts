import type { FileStatus, Statuses } from "../api/model";
import { verdictLook, verdicts } from "./verdicts";

/** Worst first, as the results are listed. */
export const statusOrder: readonly FileStatus[] = ["corrupt", "not-video", "unreadable", "crashed", "timed-out", "suspect", "note", "healthy"];
export const damaged: readonly FileStatus[] = statusOrder.slice(0, 6);

export function isStatus(value: unknown): value is FileStatus {
  return typeof value === "string" && value in verdicts && value !== "pending";
}

export interface Part {
  readonly status: FileStatus;
  readonly count: number;
  readonly tone: "ok" | "info" | "warn" | "bad" | "idle";
}

/** The statuses that occurred, worst first. */
export function partsOf(statuses: Statuses): Part[] {
  return statusOrder
    .map((status) => ({ status, count: statuses[status] ?? 0, tone: verdictLook(status).tone }))
    .filter((part) => part.count > 0);
}

export function totalOf(statuses: Statuses): number {
  return Object.values(statuses).reduce((sum, count) => sum + (count ?? 0), 0);
}

/** "3 corrupt, 5 suspect", or what can be said when nothing is wrong. */
export function inWords(statuses: Statuses): string {
  const parts = partsOf(statuses).filter((part) => damaged.includes(part.status));
  if (parts.length > 0) return parts.map((part) => `${part.count.toLocaleString("en")} ${verdictLook(part.status).word.toLowerCase()}`).join(", ");
  return totalOf(statuses) > 0 ? "Nothing damaged" : "Nothing looked at yet";
}

export interface Column {
  readonly parts: readonly { readonly tone: Part["tone"]; readonly from: number; readonly tall: number }[];
}

/**
 * The stacked columns of the trend, as shares of the tallest. Healthy files and notes are left out: among 50,000 sound
 * files three damaged ones would be thinner than a pixel.
 */
export function columnsOf(trend: readonly { statuses: Statuses }[]): Column[] {
  const kinds = ["bad", "warn"] as const;
  const counts = trend.map(({ statuses }) => {
    const parts = partsOf(statuses).filter((part) => damaged.includes(part.status));
    return kinds.map((tone) => parts.filter((part) => part.tone === tone).reduce((sum, part) => sum + part.count, 0));
  });
  const tallest = Math.max(1, ...counts.map((column) => column.reduce((sum, count) => sum + count, 0)));
  return counts.map((column) => {
    let from = 0;
    const parts = column.map((count, index) => {
      const part = { tone: kinds[index] ?? "bad", from, tall: count / tallest };
      from += part.tall;
      return part;
    });
    return { parts: parts.filter((part) => part.tall > 0) };
  });
}
