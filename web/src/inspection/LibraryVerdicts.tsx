import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Film, Unplug } from "lucide-react";
import { useCallback, useMemo } from "react";
import { messageOf } from "../api/failure";
import type { VideoRow } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { SearchBox } from "../controls/SearchBox";
import { videoQuery } from "../library/queries";
import { FileDetail } from "./FileDetail";
import { InspectAgain } from "./InspectAgain";
import page from "./InspectPage.module.css";
import type { Mode } from "./modes";
import { inspectVideo, libraryVerdictsQuery, videoInspectionsQuery } from "./queries";
import { DetailSkeleton } from "./ResultDetailPane";
import { ResultList, type ResultRow } from "./ResultList";
import styles from "./ResultsPane.module.css";
import type { InspectSearch } from "./search";
import { StatusChips } from "./StatusChips";
import { statusOrder } from "./statuses";

function rowOf(video: VideoRow): ResultRow {
  return {
    id: video.id,
    name: video.name,
    path: null,
    status: video.verdict,
    message: video.verdict_message,
    duration_seconds: video.duration?.seconds ?? null,
    size_bytes: video.size_bytes,
    finding_count: 0,
  };
}

/** What whoever does not look after the server sees: the verdicts on the videos that they may see. */
export function LibraryVerdicts({ search }: { search: InspectSearch }) {
  const navigate = useNavigate({ from: "/inspect" });
  const query = useInfiniteQuery(libraryVerdictsQuery(search));
  const rows = useMemo(() => query.data?.pages.flatMap((videos) => videos.items.map(rowOf)) ?? [], [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const change = (part: Partial<InspectSearch>) => void navigate({ search: (before) => ({ ...before, file: undefined, ...part }), replace: true });
  return (
    <div className={page.page}>
      <header className={page.bar}>
        <h1>Inspect</h1>
      </header>
      <div className={page.library} data-level={search.file ? "file" : "scan"}>
        <div className={styles.pane}>
          <section className={styles.whole}>
            <p>The newest verdict on each video that you may see.</p>
          </section>
          <div className={styles.filters}>
            <StatusChips statuses={null} offered={statusOrder} value={search.status} onChange={(status) => change({ status })} />
            <SearchBox label="Search by name" value={search.q ?? ""} onChange={(q) => change({ q: q || undefined })} />
          </div>
          {query.isError ? (
            <Notice icon={<Unplug />} title="The verdicts could not be read">
              <p role="alert">{messageOf(query.error)}</p>
              <Button onClick={() => void query.refetch()}>Try again</Button>
            </Notice>
          ) : (
            <ResultList rows={rows} selected={search.file} pending={query.isPending} onNearEnd={more} empty={<Nothing filtered={Boolean(search.q || search.status)} />} />
          )}
        </div>
        {search.file && <VideoDetailPane key={search.file} id={search.file} onClose={() => change({})} />}
      </div>
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return (
    <Notice icon={<Film />} title={filtered ? "Nothing matches" : "No video has been shared with you yet"}>
      <p>{filtered ? "No video has this verdict and this text in its name." : "Every video gets a verdict as it is added."}</p>
      {!filtered && <Link to="/">Go to the library</Link>}
    </Notice>
  );
}

function VideoDetailPane({ id, onClose }: { id: string; onClose: () => void }) {
  const may = useMay();
  const video = useQuery(videoQuery(id)).data;
  const inspections = useQuery(videoInspectionsQuery(id)).data;
  const asking = useMutation({
    mutationFn: (mode: Mode) => inspectVideo(id, mode),
    onSuccess: () => toast("info", "It is looked at again.", { label: "Jobs", to: "/jobs" }),
    onError: (error) => toast("bad", messageOf(error)),
  });
  if (!video || !inspections) return <DetailSkeleton />;
  const newest = inspections[0];
  const file = {
    name: video.name,
    path: video.location.path,
    status: video.verdict,
    mode: newest?.mode ?? null,
    confidence: newest?.confidence ?? null,
    seconds_spent: newest?.seconds_spent ?? null,
    checked_at: newest?.at ?? null,
    kept: false,
    duration_seconds: video.duration?.seconds ?? null,
    size_bytes: video.size_bytes,
    video_id: id,
    findings: newest?.findings ?? [],
    history: inspections.map(({ at, status, mode }) => ({ at, status, mode, scan_id: null })),
  };
  return <FileDetail file={file} onClose={onClose} again={may.edit && <InspectAgain pending={asking.isPending} onInspect={(mode) => asking.mutate(mode)} />} />;
}
