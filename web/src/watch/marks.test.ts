import { describe, expect, it } from "vitest";
import { pointAfter, pointBefore, shuttled } from "./edits";
import { markedRange, markFirst, markLast, noMarks } from "./marks";

describe("marks", () => {
  it("select both marked frames", () => {
    expect(markedRange(markLast(markFirst(noMarks, 10), 19), 100)).toEqual({ inFrame: 10, outFrame: 20 });
  });

  it("may mark a single frame", () => {
    expect(markedRange(markLast(markFirst(noMarks, 10), 10), 100)).toEqual({ inFrame: 10, outFrame: 11 });
  });

  it("forget the other mark when they would cross", () => {
    expect(markFirst({ first: 5, last: 9 }, 12)).toEqual({ first: 12, last: null });
    expect(markLast({ first: 5, last: 9 }, 2)).toEqual({ first: null, last: 2 });
  });

  it("reach to the ends where one is missing", () => {
    expect(markedRange({ first: 40, last: null }, 100)).toEqual({ inFrame: 40, outFrame: 100 });
    expect(markedRange({ first: null, last: 40 }, 100)).toEqual({ inFrame: 0, outFrame: 41 });
    expect(markedRange(noMarks, 100)).toBeNull();
  });
});

describe("moving", () => {
  it("goes to the nearest edit point on either side", () => {
    expect(pointBefore([0, 10, 20], 20)).toBe(10);
    expect(pointAfter([0, 10, 20], 10)).toBe(20);
    expect(pointAfter([0, 10, 20], 20)).toBeNull();
  });

  it("shuttles 1, 2, 4, 8 and turns round at 1", () => {
    let speed = 0;
    const seen = Array.from({ length: 5 }, () => (speed = shuttled(speed, 1)));
    expect(seen).toEqual([1, 2, 4, 8, 8]);
    expect(shuttled(8, -1)).toBe(-1);
    expect(shuttled(-1, -1)).toBe(-2);
  });
});
