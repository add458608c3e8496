import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { FileQuestion } from "lucide-react";
import { useEffect } from "react";
import { messageOf } from "../api/failure";
import { Notice } from "../controls/Notice";
import { Skeleton } from "../controls/Skeleton";
import { openVideo, videoQuery } from "../library/queries";
import styles from "./WatchPage.module.css";
import { Workbench } from "./Workbench";

const route = getRouteApi("/shell/videos/$videoId");

export function WatchPage() {
  const { videoId } = route.useParams();
  const { frame } = route.useSearch();
  const query = useQuery(videoQuery(videoId));
  const name = query.data?.name;
  useEffect(() => {
    // What somebody opens comes first in every queue; a failure only means that it does not.
    openVideo(videoId).catch(() => undefined);
  }, [videoId]);
  useEffect(() => {
    document.title = `${name ?? "Video"} · Cutroom`;
  }, [name]);
  if (query.isError) {
    return (
      <Notice icon={<FileQuestion />} title="This video cannot be shown">
        <p role="alert">{messageOf(query.error)}</p>
        <Link to="/">Go to the library</Link>
      </Notice>
    );
  }
  if (!query.data) return <Waiting />;
  return <Workbench key={videoId} video={query.data} startFrame={frame} />;
}

function Waiting() {
  return (
    <div className={styles.page} aria-busy>
      <div className={styles.title}>
        <Skeleton style={{ width: 240, height: 14 }} />
      </div>
      <div className={styles.work} />
      <aside className={styles.side} />
    </div>
  );
}
