/** Which rows of a long list are in view; rows are equally tall. All lengths in CSS pixels. */
export interface RowsInView {
  /** First and last row to render, the last exclusive. */
  readonly from: number;
  readonly to: number;
  /** Height of the scrolled element. */
  readonly height: number;
  /** Where the first rendered row starts inside it. */
  readonly top: number;
}

/** Browsers cap an element's height near 2²⁴ px; from here on the scroller moves faster than the rows are tall. */
const tallest = 12_000_000;

interface Scrolled {
  count: number;
  rowHeight: number;
  scrollTop: number;
  viewHeight: number;
  overscan: number;
}

function ratioOf(total: number, viewHeight: number): number {
  return total > tallest ? (total - viewHeight) / (tallest - viewHeight) : 1;
}

export function rowsInView({ count, rowHeight, scrollTop, viewHeight, overscan }: Scrolled): RowsInView {
  const total = count * rowHeight;
  const offset = scrollTop * ratioOf(total, viewHeight);
  const from = Math.max(0, Math.floor(offset / rowHeight) - overscan);
  const to = Math.min(count, Math.ceil((offset + viewHeight) / rowHeight) + overscan);
  return { from, to: Math.max(from, to), height: Math.min(total, tallest), top: scrollTop + from * rowHeight - offset };
}

/** The scroll position, changed as little as shows `row` whole. */
export function scrollToRow(row: number, scrolled: Omit<Scrolled, "overscan">): number {
  const { count, rowHeight, scrollTop, viewHeight } = scrolled;
  const ratio = ratioOf(count * rowHeight, viewHeight);
  const offset = scrollTop * ratio;
  const least = (row + 1) * rowHeight - viewHeight;
  const most = row * rowHeight;
  return Math.min(Math.max(offset, least), Math.max(0, most)) / ratio;
}
