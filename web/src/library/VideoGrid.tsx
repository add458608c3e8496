import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useState } from "react";
import type { VideoRow } from "../api/model";
import { Skeleton } from "../controls/Skeleton";
import { useRows } from "../controls/useRows";
import { gap, gridShape, neighbour } from "./grid";
import { VideoCard } from "./VideoCard";
import styles from "./VideoGrid.module.css";

interface VideoGridProps {
  videos: VideoRow[];
  scroller: RefObject<HTMLDivElement | null>;
  onNearEnd: () => void;
}

function useInnerWidth(scroller: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => {
      const style = getComputedStyle(element);
      setWidth(element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [scroller]);
  return width;
}

export function VideoGrid({ videos, scroller, onNearEnd }: VideoGridProps) {
  const { columns, rowHeight } = gridShape(useInnerWidth(scroller));
  const rows = useRows(scroller, Math.ceil(videos.length / columns), rowHeight, 2);
  const nearEnd = (rows.to + 4) * columns >= videos.length;
  useEffect(() => {
    if (nearEnd) onNearEnd();
  }, [nearEnd, onNearEnd, videos.length]);

  const walk = (event: KeyboardEvent<HTMLDivElement>) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    const to = card && neighbour(event.key, Number(card.dataset.index), columns, videos.length);
    if (to === null) return;
    event.preventDefault();
    rows.scrollTo(Math.floor(to / columns));
    // The row is there two frames after the scroll: one for its event, one for its rendering.
    requestAnimationFrame(() => requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus()));
  };

  return (
    <div style={{ height: Math.max(0, rows.height - gap), position: "relative" }} onKeyDown={walk} data-testid="video-grid">
      <div className={styles.rows} style={{ transform: `translateY(${rows.top}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, gridAutoRows: rowHeight - gap }}>
        {videos.slice(rows.from * columns, rows.to * columns).map((video, offset) => {
          const index = rows.from * columns + offset;
          return <VideoCard key={video.id} video={video} index={index} eager={index < columns * 2} />;
        })}
      </div>
    </div>
  );
}

export function GridSkeleton({ scroller }: { scroller: RefObject<HTMLDivElement | null> }) {
  const { columns } = gridShape(useInnerWidth(scroller));
  return (
    <div className={styles.waiting} style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }} aria-hidden>
      {Array.from({ length: columns * 3 }, (_, index) => (
        <div key={index}>
          <Skeleton className={styles.picture} />
          <Skeleton className={styles.line} />
        </div>
      ))}
    </div>
  );
}
