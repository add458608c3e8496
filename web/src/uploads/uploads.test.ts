import { describe, expect, it } from "vitest";
import { isFootage } from "./dropped";
import { Pace, secondsLeft } from "./pace";

describe("pace", () => {
  it("settles on the speed that lasts", () => {
    const pace = new Pace();
    let speed: number | null = null;
    for (let second = 0; second <= 30; second++) speed = pace.at(second * 5_000_000, second * 1000);
    expect(speed).toBeCloseTo(5_000_000);
    expect(secondsLeft(150_000_000, 200_000_000, speed)).toBeCloseTo(10);
  });
  it("says nothing before it knows", () => {
    expect(new Pace().at(100, 0)).toBeNull();
    expect(secondsLeft(0, 100, null)).toBeNull();
    expect(secondsLeft(0, 100, 0)).toBeNull();
  });
});

describe("dropped folders", () => {
  it("takes footage and passes over the rest", () => {
    expect(["a.MOV", "b.mxf", "c.mp4"].every(isFootage)).toBe(true);
    expect(["notes.txt", ".hidden.mp4", "a.mp4.part", "mp4"].some(isFootage)).toBe(false);
  });
});
