import { describe, expect, it } from "vitest";
import { tileAtShare, tileAtTime } from "./sprite";

const sheet = { url: "", columns: 4, rows: 3, tile_width: 160, tile_height: 90, count: 10 };

describe("sprite tiles", () => {
  it("are found by a pointer", () => {
    const sprite = { ...sheet, interval: "2/1", times: null };
    expect(tileAtShare(sprite, 0)).toEqual({ index: 0, x: 0, y: 0 });
    expect(tileAtShare(sprite, 0.55)).toEqual({ index: 5, x: 160, y: 90 });
    expect(tileAtShare(sprite, 1)).toEqual({ index: 9, x: 160, y: 180 });
  });

  it("are found by time, evenly spaced or not", () => {
    expect(tileAtTime({ ...sheet, interval: "2002/1001", times: null }, 6.01).index).toBe(3);
    const uneven = { ...sheet, interval: null, times: [0, 1, 4, 9, 9.5, 12, 20, 21, 22, 30] };
    expect([0, 3.99, 4, 9.6, 99].map((seconds) => tileAtTime(uneven, seconds).index)).toEqual([0, 1, 2, 4, 9]);
  });
});
