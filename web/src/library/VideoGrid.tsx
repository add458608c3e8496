import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useLayoutEffect, useState } from "react";
import { flushSync } from "react-dom";
import type { VideoRow } from "../api/model";
import { Skeleton } from "../controls/Skeleton";
import { gap, gridShape, neighbour } from "./grid";
import { VideoCard } from "./VideoCard";
import styles from "./VideoGrid.module.css";

interface VideoGridProps {
  videos: VideoRow[];
  scroller: RefObject<HTMLDivElement | null>;
  onNearEnd: () => void;
}

export function useInnerWidth(scroller: RefObject<HTMLDivElement | null>): number {
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
  const shape = gridShape(useInnerWidth(scroller));
  const rows = useVirtualizer({
    count: Math.ceil(videos.length / shape.columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => shape.rowHeight,
    overscan: 3,
    onChange: (instance) => {
      const last = instance.getVirtualItems().at(-1);
      if (last && (last.index + 4) * shape.columns >= videos.length) onNearEnd();
    },
  });
  useLayoutEffect(() => rows.measure(), [rows, shape.rowHeight]);

  const walk = (event: KeyboardEvent<HTMLDivElement>) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    if (!card) return;
    const to = neighbour(event.key, Number(card.dataset.index), shape.columns, videos.length);
    if (to === null) return;
    event.preventDefault();
    flushSync(() => rows.scrollToIndex(Math.floor(to / shape.columns), { align: "auto" }));
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
  };

  return (
    <div style={{ height: rows.getTotalSize() - gap, position: "relative" }} onKeyDown={walk} data-testid="video-grid">
      {rows.getVirtualItems().map((row) => (
        <div
          key={row.key}
          className={styles.row}
          style={{ transform: `translateY(${row.start}px)`, gridTemplateColumns: `repeat(${shape.columns}, minmax(0, 1fr))` }}
        >
          {videos.slice(row.index * shape.columns, (row.index + 1) * shape.columns).map((video, column) => {
            const index = row.index * shape.columns + column;
            return <VideoCard key={video.id} video={video} index={index} eager={index < shape.columns * 2} />;
          })}
        </div>
      ))}
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
