import type { ReactNode } from "react";
import styles from "./Gate.module.css";

/** The page in front of the app: the mark, one sentence, one form. */
export function Gate({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className={styles.gate}>
      <div className={styles.card}>
        <svg viewBox="0 0 32 32" aria-hidden className={styles.mark}>
          <path d="M12 7H7v18h5" stroke="var(--in)" />
          <path d="M20 7h5v18h-5" stroke="var(--out)" />
          <path d="M16 5v22" stroke="var(--playhead)" strokeWidth="2" />
        </svg>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
