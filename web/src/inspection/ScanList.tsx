import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Files } from "lucide-react";
import { type CSSProperties, useEffect, useMemo, useRef } from "react";
import { messageOf } from "../api/failure";
import type { Scan } from "../api/model";
import { Button } from "../controls/Button";
import { Progress } from "../controls/Progress";
import { Skeleton } from "../controls/Skeleton";
import { useRows } from "../controls/useRows";
import { ago, exactly, isoInstant } from "../time/when";
import { modeWord } from "./modes";
import { placeOf } from "./places";
import { scansQuery, statisticsQuery } from "./queries";
import styles from "./ScanList.module.css";
import { filesOf, isActive, paceOf, progressOf, scanLooks } from "./scanState";
import { StatusBar } from "./StatusBar";
import { inWords, totalOf } from "./statuses";
import { TrendPlot } from "./TrendPlot";

const rowHeight = 76;

/** Every file's newest result, the trend, and the scans, newest first. */
export function ScanList({ selected, onSelect }: { selected: string; onSelect: (scan: string) => void }) {
  const query = useInfiniteQuery(scansQuery);
  const scans = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const statistics = useQuery({ ...statisticsQuery, refetchInterval: scans.some(isActive) ? 5000 : false }).data;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRows(scroller, scans.length, rowHeight, 1);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const nearEnd = rows.to + 10 >= scans.length;
  useEffect(() => {
    if (nearEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [nearEnd, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <nav className={styles.pane} aria-label="Scans">
      <Link to="/inspect" search={{ scan: "all" }} className={styles.all} activeOptions={{ exact: true }} aria-current={selected === "all" ? "true" : undefined} data-testid="all-files">
        <span className={styles.head}>
          <Files aria-hidden />
          <strong>All files</strong>
          <span className={styles.count}>{statistics ? statistics.files.toLocaleString("en") : ""}</span>
        </span>
        {statistics && totalOf(statistics.statuses) > 0 && <StatusBar statuses={statistics.statuses} />}
        {statistics && <span className={styles.dim}>{inWords(statistics.statuses)}</span>}
      </Link>
      {statistics && <TrendPlot trend={statistics.trend} selected={selected} onSelect={onSelect} />}
      <div ref={scroller} className={styles.scroller} aria-busy={query.isPending}>
        {query.isPending ? (
          Array.from({ length: 6 }, (_, index) => <Skeleton key={index} className={styles.waiting} />)
        ) : query.isError ? (
          <div className={styles.problem} role="alert">
            <p>{messageOf(query.error)}</p>
            <Button onClick={() => void query.refetch()}>Try again</Button>
          </div>
        ) : (
          <ul style={{ height: rows.height, position: "relative" }} data-testid="scan-list">
            {scans.slice(rows.from, rows.to).map((scan, offset) => (
              <ScanRow key={scan.id} scan={scan} selected={scan.id === selected} style={{ transform: `translateY(${rows.top + offset * rowHeight}px)` }} />
            ))}
          </ul>
        )}
      </div>
    </nav>
  );
}

function ScanRow({ scan, selected, style }: { scan: Scan; selected: boolean; style: CSSProperties }) {
  const { Icon, word, tone } = scanLooks[scan.state];
  const place = placeOf(scan);
  return (
    <li className={styles.row} style={style} data-testid="scan-row" data-scan={scan.id} data-state={scan.state}>
      <Link to="/inspect" search={{ scan: scan.id }} className={styles.scan} activeOptions={{ exact: true }} aria-current={selected ? "true" : undefined} title={place.all}>
        <span className={styles.head}>
          <Icon className={styles[tone]} aria-label={word} />
          <strong>{place.name}</strong>
          <time className={styles.when} dateTime={isoInstant(scan.started_at)} title={exactly(scan.started_at)}>
            {ago(scan.started_at)}
          </time>
        </span>
        {isActive(scan) ? <Progress value={progressOf(scan)} label={`Scan of ${place.name}`} /> : <StatusBar statuses={scan.statuses} />}
        <span className={styles.dim}>
          {scan.error ?? (isActive(scan) ? [filesOf(scan), paceOf(scan).at(-1)].join(" · ") : `${modeWord(scan.mode)} · ${filesOf(scan)} · ${inWords(scan.statuses)}`)}
        </span>
      </Link>
    </li>
  );
}
