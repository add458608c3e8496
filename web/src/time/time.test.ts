import { describe, expect, it } from "vitest";
import { FrameClock } from "./clock";
import { parseRate, rateLabel, secondsToFrame } from "./rate";
import { formatDuration, formatTimecode, parsePosition, spokenTimecode } from "./timecode";

const ntsc = parseRate("30000/1001");
const pal = parseRate("25");
const rates = ["24000/1001", "24", "25", "30000/1001", "50", "60000/1001"].map(parseRate);

describe("rates", () => {
  it("reads fractions and refuses the rest", () => {
    expect(parseRate("30000/1001")).toEqual({ num: 30000, den: 1001 });
    expect(() => parseRate("29.97")).toThrow(RangeError);
    expect(() => parseRate("0/1")).toThrow(RangeError);
  });

  it("names a rate as people do", () => {
    expect(rates.map(rateLabel)).toEqual(["23.976", "24", "25", "29.97", "50", "59.94"]);
  });

  it("rounds seconds to the nearest frame, halves up", () => {
    expect(secondsToFrame(0.02, pal)).toBe(1);
    expect(secondsToFrame(0.0199, pal)).toBe(0);
    expect(secondsToFrame(60.06, ntsc)).toBe(1800);
  });
});

describe("timecode", () => {
  it("skips the labels 0 and 1 in each minute but the tenth", () => {
    expect(formatTimecode(1799, ntsc)).toBe("00:00:59;29");
    expect(formatTimecode(1800, ntsc)).toBe("00:01:00;02");
    expect(formatTimecode(17981, ntsc)).toBe("00:09:59;29");
    expect(formatTimecode(17982, ntsc)).toBe("00:10:00;00");
    expect(formatTimecode(1800, ntsc, false)).toBe("00:01:00:00");
  });

  it("drops four labels at 59.94", () => {
    expect(formatTimecode(3600, parseRate("60000/1001"))).toBe("00:01:00;04");
  });

  it.each(rates)("comes back from its own text at %o", (rate) => {
    for (let frame = 0; frame < 200_000; frame += 37) {
      expect(parsePosition(formatTimecode(frame, rate), rate)).toBe(frame);
    }
  });

  it("reads every form people type", () => {
    expect(parsePosition("123f", pal)).toBe(123);
    expect(parsePosition("2", pal)).toBe(50);
    expect(parsePosition("1:02.5", pal)).toBe(1563);
    expect(parsePosition("01:00:00.040", pal)).toBe(90001);
    expect(parsePosition("00:00:01:24", pal)).toBe(49);
  });

  it.each(["", "abc", "00:00:61:00", "00:00:01:25", "1:75", "-3"])("refuses %j", (text) => {
    expect(parsePosition(text, pal)).toBeNull();
  });

  it("refuses a label that drop-frame skips", () => {
    expect(parsePosition("00:01:00;01", ntsc)).toBeNull();
  });

  it("is spoken", () => {
    expect(spokenTimecode(1563, pal)).toContain("1 minute 2 seconds, frame 1563");
    expect(formatDuration(3753)).toBe("1:02:33");
  });
});

describe("the frame clock", () => {
  it.each(rates)("finds each frame again from the middle of it at %o", (rate) => {
    const clock = new FrameClock(rate, 5000);
    clock.offset = 0.0667;
    for (let frame = 0; frame < 5000; frame++) {
      expect(clock.frameAt(clock.offset + clock.startOf(frame) + 0.0004)).toBe(frame);
      expect(clock.frameUnder(clock.seekTime(frame) - clock.offset)).toBe(frame);
    }
  });

  it("follows the presentation times where the rate varies", () => {
    const pts = [900, 3900, 6900, 20400, 23400, 60000];
    const clock = new FrameClock(parseRate("30"), 6, { timeBase: { num: 1, den: 90000 }, pts, end: 61500 });
    pts.forEach((value, frame) => {
      const start = (value - 900) / 90000;
      expect(clock.frameAt(start)).toBe(frame);
      expect(clock.seekTime(frame)).toBeGreaterThan(start);
      expect(clock.frameUnder(clock.seekTime(frame))).toBe(frame);
    });
    expect(clock.frames).toBe(6);
    expect(clock.duration).toBeCloseTo(60600 / 90000);
    expect(clock.seekTime(5)).toBeLessThan(clock.duration);
    expect(clock.frameAt(clock.duration)).toBe(5);
  });

  it("never leaves the footage", () => {
    const clock = new FrameClock(pal, 100);
    expect(clock.frameAt(99)).toBe(99);
    expect(clock.clamp(-4)).toBe(0);
  });
});
