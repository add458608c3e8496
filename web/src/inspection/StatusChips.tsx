import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleDashed, Info, OctagonX, TriangleAlert } from "lucide-react";
import type { Statuses } from "../api/model";
import { useKeys } from "../keys/useKeys";
import type { InspectSearch } from "./search";
import styles from "./StatusChips.module.css";
import { damaged, partsOf, totalOf } from "./statuses";
import { verdictLook } from "./verdicts";

type Choice = InspectSearch["status"];

const icons = { ok: CircleCheck, info: Info, warn: TriangleAlert, bad: OctagonX, idle: CircleDashed };

interface StatusChipsProps {
  /** How many files have each status; null where nobody counted. */
  statuses: Statuses | null;
  offered: readonly Exclude<Choice, undefined | "damaged">[];
  value: Choice;
  onChange: (status: Choice) => void;
}

/** One status at a time; S and Shift+S walk through them. */
export function StatusChips({ statuses, offered, value, onChange }: StatusChipsProps) {
  const choices: Choice[] = [undefined, "damaged", ...offered];
  const walk = (step: number) => onChange(choices[(choices.indexOf(value) + step + choices.length) % choices.length]);
  useKeys({ nextStatus: () => walk(1), previousStatus: () => walk(-1) });
  return (
    <div className={styles.chips} role="group" aria-label="Status">
      {choices.map((choice) => (
        <Chip key={choice ?? "all"} choice={choice} count={statuses && countOf(choice, statuses)} current={choice === value} />
      ))}
    </div>
  );
}

function countOf(choice: Choice, statuses: Statuses): number {
  if (!choice) return totalOf(statuses);
  if (choice === "damaged") return damaged.reduce((sum, status) => sum + (statuses[status] ?? 0), 0);
  return statuses[choice] ?? 0;
}

/** The statuses that are worth a chip: those that occurred, and the one that is chosen. */
export function offeredOf(statuses: Statuses, chosen: Choice): Exclude<Choice, undefined | "damaged">[] {
  const occurred = partsOf(statuses).map((part) => part.status);
  return chosen && chosen !== "damaged" && !occurred.includes(chosen) ? [...occurred, chosen] : occurred;
}

function Chip({ choice, count, current }: { choice: Choice; count: number | null; current: boolean }) {
  const look = choice && choice !== "damaged" ? verdictLook(choice) : null;
  const Icon = look && icons[look.tone];
  return (
    <Link
      from="/inspect"
      to="/inspect"
      search={(before) => ({ ...before, status: choice, file: undefined })}
      replace
      activeOptions={{ exact: true }}
      className={styles.chip}
      aria-current={current ? "true" : undefined}
      title={choice === "damaged" ? "Everything that is not healthy" : look?.meaning}
      data-testid={`status-${choice ?? "all"}`}
    >
      {Icon && look && <Icon aria-hidden className={styles[look.tone]} />}
      {look?.word ?? (choice === "damaged" ? "Damaged" : "All")}
      {count !== null && <span>{count.toLocaleString("en")}</span>}
    </Link>
  );
}
