import { Link } from "@tanstack/react-router";
import type { PastVerdict } from "../api/model";
import { ago, exactly, isoInstant } from "../time/when";
import styles from "./HistoryList.module.css";
import { modeWord } from "./modes";
import { VerdictBadge } from "./VerdictBadge";

/** Every verdict that was kept about a file, newest first. */
export function HistoryList({ history, Heading = "h3" }: { history: readonly PastVerdict[]; Heading?: "h2" | "h3" }) {
  if (history.length === 0) return null;
  return (
    <section className={styles.history} aria-label="Earlier verdicts">
      <Heading>History</Heading>
      <ol data-testid="history">
        {history.map((past, index) => (
          <li key={`${past.at}-${index}`}>
            <VerdictBadge verdict={past.status} />
            <span>{modeWord(past.mode)}</span>
            <time dateTime={isoInstant(past.at)} title={exactly(past.at)}>
              {ago(past.at)}
            </time>
            {past.scan_id && (
              <Link to="/inspect" search={{ scan: past.scan_id }}>
                Its scan
              </Link>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
