import { Link, useNavigate } from "@tanstack/react-router";
import { type CSSProperties, memo, type ReactNode, useEffect, useRef } from "react";
import { Skeleton } from "../controls/Skeleton";
import { useRows } from "../controls/useRows";
import { useKeys } from "../keys/useKeys";
import { formatDuration } from "../time/timecode";
import { formatBytes } from "../time/when";
import { splitPath } from "./places";
import styles from "./ResultList.module.css";
import { VerdictBadge } from "./VerdictBadge";

const rowHeight = 44;

/** One file in the list: a result of a scan, or a video of the library. */
export interface ResultRow {
  readonly id: string;
  readonly name: string;
  /** Null where the one who looks may not know it. */
  readonly path: string | null;
  readonly status: string;
  readonly message: string | null;
  readonly duration_seconds: number | null;
  readonly size_bytes: number;
  readonly finding_count: number;
}

interface ResultListProps {
  rows: readonly ResultRow[];
  selected: string | undefined;
  pending: boolean;
  /** Shown instead of rows when there are none. */
  empty: ReactNode;
  onNearEnd: () => void;
}

/** Worst first; arrows walk through it, and take the open panel along. */
export function ResultList({ rows, selected, pending, empty, onNearEnd }: ResultListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const view = useRows(scroller, rows.length, rowHeight, 2);
  const nearEnd = view.to + 40 >= rows.length;
  useEffect(() => {
    if (nearEnd) onNearEnd();
  }, [nearEnd, onNearEnd, rows.length]);
  useWalk(rows, selected, view.scrollTo, scroller);
  return (
    <div className={styles.list}>
      <div className={styles.heads} aria-hidden>
        <span>Status</span>
        <span>File</span>
        <span className={styles.what}>Worst finding</span>
        <span className={styles.number}>Length</span>
        <span className={styles.number}>Size</span>
      </div>
      <div ref={scroller} className={styles.scroller} aria-busy={pending}>
        {pending ? (
          Array.from({ length: 12 }, (_, index) => <Skeleton key={index} className={styles.waiting} />)
        ) : rows.length === 0 ? (
          empty
        ) : (
          <ul style={{ height: view.height, position: "relative" }} aria-label="Results, worst first" data-testid="result-list">
            {rows.slice(view.from, view.to).map((row, offset) => (
              <Row key={row.id} row={row} index={view.from + offset} selected={row.id === selected} top={view.top + offset * rowHeight} />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** Arrow keys move the focus from row to row, and the selection with it once a row is open. */
function useWalk(rows: readonly ResultRow[], selected: string | undefined, scrollTo: (row: number) => void, scroller: React.RefObject<HTMLElement | null>): void {
  const navigate = useNavigate({ from: "/inspect" });
  const walk = (step: number) => {
    const focused = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("[data-index]");
    const current = focused ? Number(focused.dataset.index) : rows.findIndex((row) => row.id === selected);
    const to = Math.min(rows.length - 1, Math.max(0, current + step));
    const row = rows[to];
    if (!row) return;
    scrollTo(to);
    if (selected) void navigate({ search: (before) => ({ ...before, file: row.id }), replace: true });
    // The row is there two frames after the scroll: one for its event, one for its rendering.
    requestAnimationFrame(() => requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus()));
  };
  useKeys({ previousEdit: () => walk(-1), nextEdit: () => walk(1) });
}

interface RowProps {
  row: ResultRow;
  index: number;
  selected: boolean;
  top: number;
}

const Row = memo(function Row({ row, index, selected, top }: RowProps) {
  const style: CSSProperties = { transform: `translateY(${top}px)` };
  return (
    <li className={styles.row} style={style} data-testid="result" data-status={row.status}>
      <Link
        from="/inspect"
        to="/inspect"
        search={(before) => ({ ...before, file: row.id })}
        replace={selected}
        activeOptions={{ exact: true }}
        className={styles.result}
        aria-current={selected ? "true" : undefined}
        data-index={index}
        title={row.path ?? row.name}
      >
        <VerdictBadge verdict={row.status} message={row.message} />
        <span className={styles.file}>
          <span className={styles.name}>{row.name}</span>
          <span className={styles.folder}>{row.path ? splitPath(row.path).folder : ""}</span>
        </span>
        <span className={styles.what}>
          <span className={styles.sentence}>{row.message}</span>
          {row.finding_count > 1 && <span className={styles.more}>and {(row.finding_count - 1).toLocaleString("en")} more</span>}
        </span>
        <span className={styles.number}>{row.duration_seconds === null ? "–" : formatDuration(row.duration_seconds)}</span>
        <span className={styles.number}>{formatBytes(row.size_bytes)}</span>
      </Link>
    </li>
  );
});
