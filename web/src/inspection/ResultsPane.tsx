import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CircleCheck, SearchX, Unplug } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { messageOf } from "../api/failure";
import type { Scan, Statuses } from "../api/model";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { SearchBox } from "../controls/SearchBox";
import { Skeleton } from "../controls/Skeleton";
import { resultsQuery, scanQuery, statisticsQuery } from "./queries";
import { ResultList } from "./ResultList";
import styles from "./ResultsPane.module.css";
import { ScanHeader } from "./ScanHeader";
import { isActive } from "./scanState";
import type { InspectSearch } from "./search";
import { offeredOf, StatusChips } from "./StatusChips";
import { totalOf } from "./statuses";

/** The results of one scan, or the newest of every file. */
export function ResultsPane({ search, scanId }: { search: InspectSearch; scanId: string }) {
  const every = scanId === "all";
  const scan = useQuery({ ...scanQuery(scanId), enabled: !every });
  const statistics = useQuery({ ...statisticsQuery, enabled: every }).data;
  const statuses = (every ? statistics?.statuses : scan.data?.statuses) ?? null;
  if (scan.isError) {
    return (
      <Notice icon={<Unplug />} title="This scan could not be read">
        <p role="alert">{messageOf(scan.error)}</p>
        <Button onClick={() => void scan.refetch()}>Try again</Button>
      </Notice>
    );
  }
  return (
    <div className={styles.pane}>
      {every ? <Whole files={statistics?.files} results={statistics?.results} /> : scan.data ? <ScanHeader scan={scan.data} /> : <Skeleton className={styles.heading} />}
      <Results search={search} scanId={scanId} statuses={statuses} scan={scan.data} />
    </div>
  );
}

function Whole({ files, results }: { files: number | undefined; results: number | undefined }) {
  return (
    <section className={styles.whole} aria-label="All files">
      <h2>All files</h2>
      <p>
        {files === undefined || results === undefined
          ? "Counting…"
          : `The newest verdict on each of ${files.toLocaleString("en")} files, out of ${results.toLocaleString("en")} kept.`}
      </p>
    </section>
  );
}

interface ResultsProps {
  search: InspectSearch;
  scanId: string;
  statuses: Statuses | null;
  scan: Scan | undefined;
}

function Results({ search, scanId, statuses, scan }: ResultsProps) {
  const navigate = useNavigate({ from: "/inspect" });
  const client = useQueryClient();
  const running = scan !== undefined && isActive(scan);
  const query = useInfiniteQuery({
    ...resultsQuery({ scan: scanId, status: search.status, q: search.q }),
    // Somebody who has scrolled on keeps the rows that they read.
    refetchInterval: ({ state }) => (running && (state.data?.pages.length ?? 0) <= 1 ? 2000 : false),
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query;
  const pages = query.data?.pages.length ?? 0;
  const behind = useBehind(scan?.files ?? 0, pages, query.dataUpdatedAt);
  const wasRunning = useRef(running);
  useEffect(() => {
    // The last files came in after the last look.
    if (wasRunning.current && !running && pages <= 1) void refetch();
    wasRunning.current = running;
  }, [running, pages, refetch]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const change = (part: Partial<InspectSearch>) => void navigate({ search: (before) => ({ ...before, file: undefined, ...part }), replace: true });
  return (
    <>
      <div className={styles.filters}>
        <StatusChips statuses={statuses} offered={offeredOf(statuses ?? {}, search.status)} value={search.status} onChange={(status) => change({ status })} />
        <SearchBox label="Search by path" value={search.q ?? ""} onChange={(q) => change({ q: q || undefined })} />
      </div>
      {behind && (
        <button type="button" className={styles.behind} onClick={() => void client.resetQueries({ queryKey: ["inspection", "results", scanId] })}>
          More results have come in: show the worst of all
        </button>
      )}
      {query.isError ? (
        <Notice icon={<Unplug />} title="The results could not be read">
          <p role="alert">{messageOf(query.error)}</p>
          <Button onClick={() => void query.refetch()}>Try again</Button>
        </Notice>
      ) : (
        <ResultList
          rows={rows}
          selected={search.file}
          pending={query.isPending}
          onNearEnd={more}
          empty={<Nothing search={search} total={statuses ? totalOf(statuses) : 0} running={running} onClear={() => change({ status: undefined, q: undefined })} />}
        />
      )}
    </>
  );
}

/** Whether a scan has gone on since the first page was read; somebody who has scrolled on is not interrupted. */
function useBehind(files: number, pages: number, updatedAt: number): boolean {
  const read = useRef({ files, updatedAt: 0 });
  if (pages <= 1 && read.current.updatedAt !== updatedAt) read.current = { files, updatedAt };
  return pages > 1 && files > read.current.files;
}

function Nothing({ search, total, running, onClear }: { search: InspectSearch; total: number; running: boolean; onClear: () => void }) {
  if (search.status === "damaged" && !search.q && total > 0) {
    return (
      <Notice icon={<CircleCheck />} title={running ? "Nothing damaged so far" : "Nothing is damaged"}>
        <p>{running ? "What is found appears here as the scan goes on." : `All ${total.toLocaleString("en")} files are sound, as far as this mode can see. A deeper mode sees more.`}</p>
        <Button onClick={onClear}>Show all files</Button>
      </Notice>
    );
  }
  if (search.q || search.status) {
    return (
      <Notice icon={<SearchX />} title="Nothing matches">
        <p>No result has this status and this text in its path.</p>
        <Button onClick={onClear}>Clear the filters</Button>
      </Notice>
    );
  }
  return (
    <Notice icon={<CircleCheck />} title={running ? "The first results are on their way" : "No video files were found"}>
      <p>{running ? "They appear here as soon as the first files are read." : "There are none in these folders, or none with these endings. Another scan may look for others."}</p>
    </Notice>
  );
}
