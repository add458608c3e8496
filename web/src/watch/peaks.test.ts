import { describe, expect, it } from "vitest";
import { columnsOf, readPeaks } from "./peaks";

describe("peaks", () => {
  it("keep the loudest of all channels", () => {
    const peaks = readPeaks({ sample_rate: 100, samples_per_pixel: 10, bits: 8, channels: 2, data: [-64, 32, -16, 96, 0, 0, 0, 127] });
    expect([...peaks.pairs]).toEqual([-0.5, 0.75, 0, 0.9921875]);
    expect(peaks.secondsEach).toBe(0.1);
  });

  it("are gathered into columns without losing a spike", () => {
    const data = Array.from({ length: 1000 }, (_, index) => (index === 777 ? 100 : 0));
    const peaks = readPeaks({ sample_rate: 100, samples_per_pixel: 10, bits: 8, data });
    const columns = columnsOf(peaks, 50, 37);
    expect(Math.max(...columns)).toBeCloseTo(100 / 128);
    expect(columns.length).toBe(74);
  });

  it("are silent after their end", () => {
    const peaks = readPeaks({ sample_rate: 100, samples_per_pixel: 10, bits: 8, data: [-8, 8] });
    expect([...columnsOf(peaks, 10, 4).slice(2)].every((value) => value === 0)).toBe(true);
  });
});
