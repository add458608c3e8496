import { CircleCheck, CircleDashed, Info, OctagonX, TriangleAlert } from "lucide-react";
import styles from "./VerdictBadge.module.css";
import { verdictLook } from "./verdicts";

const icons = { ok: CircleCheck, info: Info, warn: TriangleAlert, bad: OctagonX, idle: CircleDashed };

/** Icon, word and colour together, so that none of them carries the verdict alone. */
export function VerdictBadge({ verdict, message }: { verdict: string; message?: string | null }) {
  const look = verdictLook(verdict);
  const Icon = icons[look.tone];
  return (
    <span className={`${styles.badge} ${styles[look.tone]}`} title={message ?? look.meaning} data-verdict={verdict}>
      <Icon aria-hidden />
      {look.word}
    </span>
  );
}
