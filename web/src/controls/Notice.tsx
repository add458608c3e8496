import type { ReactNode } from "react";
import styles from "./Notice.module.css";

interface NoticeProps {
  icon: ReactNode;
  title: string;
  /** It stands alone, without a page around it. */
  whole?: boolean;
  children?: ReactNode;
}

/** What a page says when it has nothing to show, or could not get it. */
export function Notice({ icon, title, whole = false, children }: NoticeProps) {
  const [Place, Heading] = whole ? (["main", "h1"] as const) : (["div", "h2"] as const);
  return (
    <Place className={styles.notice}>
      <div className={styles.icon}>{icon}</div>
      <Heading>{title}</Heading>
      {children}
    </Place>
  );
}
