import type { ReactNode } from "react";
import styles from "./Notice.module.css";

/** What a page says when it has nothing to show, or could not get it. */
export function Notice({ icon, title, children }: { icon: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className={styles.notice}>
      <div className={styles.icon}>{icon}</div>
      <h2>{title}</h2>
      {children}
    </div>
  );
}
