import type { Statuses } from "../api/model";
import styles from "./StatusBar.module.css";
import { inWords, partsOf, totalOf } from "./statuses";

/** Shares of each status in a thin bar; what is damaged stays visible however rare it is. */
export function StatusBar({ statuses, total }: { statuses: Statuses; total?: number }) {
  const whole = Math.max(1, total ?? totalOf(statuses));
  return (
    <span className={styles.bar} role="img" aria-label={inWords(statuses)}>
      {partsOf(statuses).map(({ status, count, tone }) => (
        <span key={status} className={styles[tone]} style={{ flexBasis: `${(count / whole) * 100}%` }} />
      ))}
    </span>
  );
}
