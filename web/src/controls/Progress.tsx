import styles from "./Progress.module.css";

/** A bar from 0 to 1; without a value it says only that something is under way. */
export function Progress({ value, label, tone = "accent" }: { value: number | null; label: string; tone?: "accent" | "ok" | "bad" }) {
  const percent = value === null ? undefined : Math.round(value * 100);
  return (
    <div className={styles.track} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <div
        className={`${styles.fill} ${styles[tone]} ${value === null ? styles.unknown : ""}`}
        style={{ transform: value === null ? undefined : `scaleX(${Math.min(1, Math.max(0, value))})` }}
      />
    </div>
  );
}
