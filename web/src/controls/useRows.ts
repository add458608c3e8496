import { type RefObject, useCallback, useLayoutEffect, useState } from "react";
import { type RowsInView, rowsInView, scrollToRow } from "./rows";

interface Rows extends RowsInView {
  readonly scrollTo: (row: number) => void;
}

/** Follows `scroller`, and renders only when other rows come into view. */
export function useRows(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number, overscan: number): Rows {
  const [place, setPlace] = useState({ scrollTop: 0, viewHeight: 0 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const follow = () => {
      const viewHeight = element.clientHeight;
      // Within a row nothing changes; a list too tall for a browser moves with every pixel.
      const coarse = count * rowHeight < 12_000_000;
      const scrollTop = coarse ? Math.floor(element.scrollTop / rowHeight) * rowHeight : element.scrollTop;
      setPlace((before) => (before.scrollTop === scrollTop && before.viewHeight === viewHeight ? before : { scrollTop, viewHeight }));
    };
    const observer = new ResizeObserver(follow);
    observer.observe(element);
    element.addEventListener("scroll", follow, { passive: true });
    follow();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", follow);
    };
  }, [scroller, count, rowHeight]);
  const scrollTo = useCallback(
    (row: number) => {
      const element = scroller.current;
      if (element) element.scrollTop = scrollToRow(row, { count, rowHeight, scrollTop: element.scrollTop, viewHeight: element.clientHeight });
    },
    [scroller, count, rowHeight],
  );
  return { ...rowsInView({ ...place, count, rowHeight, overscan: overscan + 1 }), scrollTo };
}
