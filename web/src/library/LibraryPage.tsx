import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Film, FolderPlus, SearchX, Unplug, Upload } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { messageOf } from "../api/failure";
import { useMay } from "../app/useSession";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { DropZone } from "../uploads/DropZone";
import type { Dropped } from "../uploads/dropped";
import styles from "./LibraryPage.module.css";
import { LibraryToolbar } from "./LibraryToolbar";
import { videosQuery } from "./queries";
import { isFiltered } from "./search";
import { GridSkeleton, VideoGrid } from "./VideoGrid";

const AddFolderDialog = lazy(() => import("./AddFolderDialog").then((module) => ({ default: module.AddFolderDialog })));
/** Sending is loaded when there is something to send. */
const uploadDropped = (dropped: Dropped[]) => void import("../uploads/uploads").then((module) => module.uploadDropped(dropped));
const route = getRouteApi("/shell/");

export function LibraryPage() {
  const search = route.useSearch();
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const query = useInfiniteQuery(videosQuery(search));
  const videos = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  useEffect(() => {
    document.title = "Library · Cutroom";
  }, []);

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const upload = may.edit ? () => picker.current?.click() : undefined;
  const addFolder = may.administer ? () => setAdding(true) : undefined;
  return (
    <DropZone enabled={may.edit} onFiles={uploadDropped}>
      <div className={styles.page}>
        <LibraryToolbar search={search} found={query.data?.pages[0]} onUpload={upload} onAddFolder={addFolder} />
        <div ref={scroller} className={styles.scroller} aria-busy={query.isPending}>
          {query.isPending ? (
            <GridSkeleton scroller={scroller} />
          ) : query.isError ? (
            <Notice icon={<Unplug />} title="The library could not be read">
              <p role="alert">{messageOf(query.error)}</p>
              <Button onClick={() => void query.refetch()}>Try again</Button>
            </Notice>
          ) : videos.length > 0 ? (
            <VideoGrid videos={videos} scroller={scroller} onNearEnd={more} />
          ) : isFiltered(search) ? (
            <Nothing />
          ) : (
            <Empty onUpload={upload} onAddFolder={addFolder} />
          )}
        </div>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          accept="video/*,audio/*,.mkv,.mxf,.mts,.m2ts"
          data-testid="file-picker"
          onChange={(event) => {
            uploadDropped([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
      </div>
      {adding && (
        <Suspense>
          <AddFolderDialog onClose={() => setAdding(false)} />
        </Suspense>
      )}
    </DropZone>
  );
}

function Nothing() {
  const navigate = route.useNavigate();
  return (
    <Notice icon={<SearchX />} title="Nothing matches">
      <p>No video has these words, this tag, verdict and proxy state together.</p>
      <Button onClick={() => void navigate({ search: {} })}>Clear the filters</Button>
    </Notice>
  );
}

function Empty({ onUpload, onAddFolder }: { onUpload?: () => void; onAddFolder?: () => void }) {
  return (
    <Notice icon={<Film />} title="The library is empty">
      {onUpload ? (
        <p>
          Drop video files anywhere on this page. Each is checked for damage, gets a poster, and plays here as soon as its first
          seconds are encoded.
        </p>
      ) : (
        <p>Nobody has shared a video with you yet.</p>
      )}
      <div className={styles.actions}>
        {onUpload && (
          <Button look="primary" icon={<Upload />} onClick={onUpload}>
            Choose files
          </Button>
        )}
        {onAddFolder && (
          <Button icon={<FolderPlus />} onClick={onAddFolder}>
            Add a folder of the server
          </Button>
        )}
      </div>
      {onAddFolder && (
        <p className={styles.aside}>
          On the server’s command line: <code>cutroom add PATH</code>
        </p>
      )}
    </Notice>
  );
}
