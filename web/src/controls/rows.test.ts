import { describe, expect, it } from "vitest";
import { rowsInView, scrollToRow } from "./rows";

const view = { rowHeight: 100, viewHeight: 450, overscan: 1 };

describe("rows in view", () => {
  it("are those on screen and one on each side", () => {
    expect(rowsInView({ ...view, count: 50, scrollTop: 1010 })).toEqual({ from: 9, to: 16, height: 5000, top: 900 });
    expect(rowsInView({ ...view, count: 3, scrollTop: 0 })).toEqual({ from: 0, to: 3, height: 300, top: 0 });
    expect(rowsInView({ ...view, count: 0, scrollTop: 0 })).toEqual({ from: 0, to: 0, height: 0, top: 0 });
  });

  it("reach the last of a million without a taller element than browsers draw", () => {
    const all = { ...view, count: 1_000_000, scrollTop: 0 };
    const { height } = rowsInView(all);
    expect(height).toBeLessThan(2 ** 24);
    const end = rowsInView({ ...all, scrollTop: height - view.viewHeight });
    expect(end.to).toBe(1_000_000);
    expect(end.top + (end.to - end.from) * view.rowHeight).toBeCloseTo(height, 3);
  });

  it("scroll only when the row is not whole", () => {
    const at = { count: 50, rowHeight: 100, viewHeight: 450, scrollTop: 1000 };
    expect(scrollToRow(12, at)).toBe(1000);
    expect(scrollToRow(20, at)).toBe(1650);
    expect(scrollToRow(5, at)).toBe(500);
    expect(scrollToRow(0, { ...at, scrollTop: 30 })).toBe(0);
  });
});
