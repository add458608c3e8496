import { expect, test } from "vitest";
import type { Probe } from "../api/model";
import { countedLines, trackLines } from "./facts";

const counted = {
  frames: 1500, gops: 30, closed: 30, open: 0, shortest: 50, mean: 50, longest: 50, lengths: [], b_frames: 0, reorder: 0, bit_rate: 742_888, peak_bit_rate: null,
};
const probe = {
  audio: [],
  subtitles: [{ index: 2, codec: "subrip", language: "eng", title: null, default: false, forced: true }],
  others: [],
  chapters: [],
  timecode: "01:00:00:00",
  timecode_source: "picture",
  created: null,
  device: { make: "Apple", model: "iPhone", software: null },
  format: "matroska",
} as unknown as Probe;

test("what was counted, in words", () => {
  expect(countedLines({ ...probe, counted })).toEqual([
    ["Groups", "30 of 50 frames"],
    ["", "all closed"],
    ["B-frames", "none"],
    ["Measured", "0.74 Mb/s"],
  ]);
  const mixed = countedLines({ ...probe, counted: { ...counted, open: 20, closed: 10, shortest: 12, mean: 48.25, b_frames: 3, reorder: 2 } });
  expect(mixed.slice(0, 3).map(([, value]) => value)).toEqual(["30 of 12 to 50 frames, 48.3 on average", "10 closed, 20 open", "up to 3 in a row, 2 held back"]);
  expect(countedLines(probe)).toEqual([]);
});

test("tracks and where the timecode comes from", () => {
  const lines = Object.fromEntries(trackLines(probe));
  expect(lines.Subtitles).toBe("subrip, eng, forced");
  expect(lines.Timecode).toBe("01:00:00:00, beside the first picture");
  expect(lines.Device).toBe("Apple, iPhone");
  expect(lines.Chapters).toBeNull();
});
