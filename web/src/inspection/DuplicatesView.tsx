import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Copy, Unplug } from "lucide-react";
import { useMemo } from "react";
import { messageOf } from "../api/failure";
import type { DuplicateGroup } from "../api/model";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { Skeleton } from "../controls/Skeleton";
import { formatBytes } from "../time/when";
import styles from "./DuplicatesView.module.css";
import { splitPath } from "./places";
import { duplicatesQuery } from "./queries";

/** Copies named under one group; the rest are counted. */
const most = 12;

/** Files of equal content, the most wasteful first. */
export function DuplicatesView() {
  const query = useInfiniteQuery(duplicatesQuery);
  const groups = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const wasted = groups.reduce((sum, group) => sum + group.wasted_bytes, 0);
  return (
    <div className={styles.view} aria-busy={query.isPending}>
      {query.isPending ? (
        Array.from({ length: 4 }, (_, index) => <Skeleton key={index} className={styles.waiting} />)
      ) : query.isError ? (
        <Notice icon={<Unplug />} title="The duplicates could not be read">
          <p role="alert">{messageOf(query.error)}</p>
          <Button onClick={() => void query.refetch()}>Try again</Button>
        </Notice>
      ) : groups.length === 0 ? (
        <Notice icon={<Copy />} title="No two files are known to be equal">
          <p>Videos of the library are compared as they are added. Other files are compared by scans in the mode Full, which read every byte.</p>
        </Notice>
      ) : (
        <>
          <p className={styles.total}>
            <strong>{formatBytes(wasted)}</strong> in {query.hasNextPage ? "these " : ""}
            {groups.length.toLocaleString("en")} {groups.length === 1 ? "group" : "groups"} of equal files. Cutroom deletes none of them.
          </p>
          <ul data-testid="duplicates">
            {groups.map((group) => (
              <Group key={`${group.content_hash}${group.size_bytes}`} group={group} />
            ))}
          </ul>
          {query.hasNextPage && (
            <Button className={styles.more} onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
              More groups
            </Button>
          )}
        </>
      )}
    </div>
  );
}

function Group({ group }: { group: DuplicateGroup }) {
  const rest = group.files.length - most;
  return (
    <li className={styles.group} data-testid="duplicate">
      <div className={styles.waste}>
        <strong>{formatBytes(group.wasted_bytes)}</strong>
        <span>
          {group.files.length} × {formatBytes(group.size_bytes)}
        </span>
        <code title={group.content_hash}>{group.content_hash.replace(/^.*:/, "").slice(0, 12)}</code>
      </div>
      <ul className={styles.files}>
        {group.files.slice(0, most).map((file) => (
          <li key={file.path} title={file.path}>
            {file.video_id ? (
              <Link to="/videos/$videoId" params={{ videoId: file.video_id }}>
                {splitPath(file.path).name}
              </Link>
            ) : (
              <span>{splitPath(file.path).name}</span>
            )}
            <span className={styles.folder}>{splitPath(file.path).folder}</span>
          </li>
        ))}
        {rest > 0 && <li className={styles.folder}>and {rest.toLocaleString("en")} more</li>}
      </ul>
    </li>
  );
}
