import { describe, expect, it } from "vitest";
import { byteMarksOf, damagedSeconds, extent, markAt, marksOf, momentOf, nextDamage, type Placed, stretchesOf } from "./damage";
import { severities, severityLook } from "./severity";

const finding = (part: Partial<Placed>): Placed => ({
  code: "h264.zeros",
  severity: "major",
  message: "Zeros.",
  start_seconds: null,
  end_seconds: null,
  byte_offset: null,
  ...part,
});

describe("the damage map", () => {
  it("places findings in time, the worst on top", () => {
    const marks = marksOf([finding({ severity: "critical", start_seconds: 5, end_seconds: 10 }), finding({ severity: "note", start_seconds: 0 })], 20);
    expect(marks.map(({ finding: { severity }, from, to }) => [severity, from, to])).toEqual([
      ["note", 0, 0],
      ["critical", 0.25, 0.5],
    ]);
  });

  it("keeps what lies beyond the end inside", () => {
    expect(marksOf([finding({ start_seconds: 30, end_seconds: 40 })], 20)[0]).toMatchObject({ from: 1, to: 1 });
    expect(marksOf([finding({ start_seconds: -1, end_seconds: 4 })], 20)[0]).toMatchObject({ from: 0, to: 0.2 });
  });

  it("has no timeline without a length, and none for findings without a time", () => {
    expect(marksOf([finding({ start_seconds: 1 })], null)).toEqual([]);
    expect(marksOf([finding({ byte_offset: 10 })], 20)).toEqual([]);
  });

  it("places those without a time by their byte", () => {
    expect(byteMarksOf([finding({ byte_offset: 25 }), finding({ byte_offset: 5, start_seconds: 1 })], 100).map((mark) => mark.from)).toEqual([0.25]);
    expect(byteMarksOf([finding({ byte_offset: 25 })], 0)).toEqual([]);
  });

  it("draws a moment wide enough to be seen, and inside", () => {
    expect(extent({ from: 0.5, to: 0.5 }, 0.02)).toEqual({ from: 0.49, width: 0.02 });
    expect(extent({ from: 1, to: 1 }, 0.02)).toEqual({ from: 0.98, width: 0.02 });
    expect(extent({ from: 0.1, to: 0.4 }, 0.02)).toEqual({ from: 0.1, width: 0.30000000000000004 });
  });

  it("finds the mark under the pointer, the worse of two", () => {
    const marks = marksOf([finding({ start_seconds: 4, end_seconds: 8 }), finding({ severity: "critical", start_seconds: 6, end_seconds: 7 })], 10);
    expect(markAt(marks, 0.65, 0.01)?.finding.severity).toBe("critical");
    expect(markAt(marks, 0.45, 0.01)?.finding.severity).toBe("major");
    expect(markAt(marks, 0.395, 0.01)?.finding.severity).toBe("major");
    expect(markAt(marks, 0.2, 0.01)).toBeNull();
  });

  it("draws what touches as one, but not severities over each other", () => {
    const found = [
      finding({ start_seconds: 1, end_seconds: 2 }),
      finding({ start_seconds: 1.5, end_seconds: 3 }),
      finding({ start_seconds: 3.05 }),
      finding({ start_seconds: 6 }),
      finding({ start_seconds: 2, severity: "minor" }),
    ];
    expect(stretchesOf(marksOf(found, 10), 0.01).map(({ severity, from, to }) => [severity, from, to])).toEqual([
      ["minor", 0.2, 0.2],
      ["major", 0.1, 0.305],
      ["major", 0.6, 0.6],
    ]);
  });

  it("counts overlapping damage once, and notes not at all", () => {
    const found = [
      finding({ start_seconds: 1, end_seconds: 4 }),
      finding({ start_seconds: 2, end_seconds: 3 }),
      finding({ start_seconds: 3.5, end_seconds: 5 }),
      finding({ start_seconds: 8, end_seconds: 20, severity: "note" }),
      finding({ byte_offset: 3 }),
    ];
    expect(damagedSeconds(found)).toBeCloseTo(4);
  });

  it("walks from one damaged moment to the next", () => {
    const found = [finding({ start_seconds: 9 }), finding({ start_seconds: 2 }), finding({ byte_offset: 1 })];
    expect(nextDamage(found, 0, false)).toBe(2);
    expect(nextDamage(found, 2, false)).toBe(9);
    expect(nextDamage(found, 9, false)).toBeNull();
    expect(nextDamage(found, 9, true)).toBe(2);
  });

  it("says when", () => {
    expect(momentOf({ start_seconds: 62.44, end_seconds: 62.45 })).toBe("1:02.4");
    expect(momentOf({ start_seconds: 59.97, end_seconds: 3723 })).toBe("1:00.0 – 1:02:03.0");
    expect(momentOf({ start_seconds: null, end_seconds: null })).toBeNull();
  });
});

describe("severities", () => {
  it("differ in pattern and in height, not by colour alone", () => {
    expect(new Set(severities.map((look) => look.pattern)).size).toBe(severities.length);
    expect(new Set(severities.map((look) => look.tall)).size).toBe(severities.length);
  });

  it("show one that is unknown under its own name", () => {
    expect(severityLook("odd")).toMatchObject({ word: "odd", tone: "warn" });
  });
});
