import { type KeyboardEvent, type MouseEvent, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Job } from "../api/model";
import { Skeleton } from "../controls/Skeleton";
import { useRows } from "../controls/useRows";
import { JobRow } from "./JobRow";
import styles from "./JobList.module.css";
import { everything, extend, isChosen, nothing, type Selection, toggle } from "./selection";

const rowHeight = 36;

interface JobListProps {
  jobs: readonly Job[];
  /** How many there are, those not loaded yet included. */
  total: number;
  pending: boolean;
  empty: ReactNode;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onOpen: (id: string | undefined) => void;
  onNearEnd: () => void;
}

/** A grid with one place for the focus: arrows move it, Space takes a row, Shift a range, Ctrl+A everything that fits. */
export function JobList({ jobs, total, pending, empty, selection, onSelect, onOpen, onNearEnd }: JobListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const rows = useRows(scroller, jobs.length, rowHeight, 8);
  const nearEnd = rows.to + 60 >= jobs.length;
  useEffect(() => {
    if (nearEnd) onNearEnd();
  }, [nearEnd, onNearEnd, jobs.length]);
  const latest = useRef({ jobs, selection });
  latest.current = { jobs, selection };
  const press = useCallback(
    (id: string, event: MouseEvent) => {
      setCurrent(id);
      const { jobs: listed, selection: before } = latest.current;
      const onBox = (event.target as HTMLElement).closest("[data-box]") !== null;
      if (event.shiftKey) onSelect(extend(before, listed.map((job) => job.id), id));
      else if (onBox || event.ctrlKey || event.metaKey) onSelect(toggle(before, id));
      else onOpen(id);
    },
    [onSelect, onOpen],
  );
  const place = useMemo(() => jobs.findIndex((job) => job.id === current), [jobs, current]);
  const walk = (to: number, event: KeyboardEvent) => {
    const job = jobs[Math.min(jobs.length - 1, Math.max(0, to))];
    if (!job) return;
    rows.scrollTo(jobs.indexOf(job));
    setCurrent(job.id);
    if (!event.shiftKey) return;
    const from = selection.anchor || !current ? selection : { ...selection, anchor: current };
    onSelect(extend(from, jobs.map((one) => one.id), job.id));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const steps: Record<string, number> = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: jobs.length - 1 };
    const step = steps[event.key];
    if (step !== undefined && !event.ctrlKey) walk(step, event);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) onSelect(everything);
    else if (event.key === " " && current) onSelect(toggle(selection, current));
    else if (event.key === "Enter" && current) onOpen(current);
    else if (event.key === "Escape") selection.all || selection.ids.size ? onSelect(nothing) : onOpen(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (pending || jobs.length === 0) {
    return (
      <div ref={scroller} className={styles.scroller} aria-busy={pending}>
        {pending ? Array.from({ length: 12 }, (_, index) => <Skeleton key={index} className={styles.waiting} />) : empty}
      </div>
    );
  }
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="grid"
      aria-label="Jobs, newest first"
      aria-rowcount={total}
      aria-multiselectable
      aria-activedescendant={place >= rows.from && place < rows.to ? `row-${current}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={() => current ?? setCurrent(jobs[0]?.id ?? null)}
      data-testid="job-list"
    >
      <div role="rowgroup" style={{ height: rows.height, position: "relative" }}>
        {jobs.slice(rows.from, rows.to).map((job, offset) => (
          <JobRow
            key={job.id}
            job={job}
            index={rows.from + offset}
            top={rows.top + offset * rowHeight}
            chosen={isChosen(selection, job.id)}
            current={job.id === current}
            onPress={press}
          />
        ))}
      </div>
    </div>
  );
}
