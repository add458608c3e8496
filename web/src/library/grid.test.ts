import { describe, expect, it } from "vitest";
import { gridShape, neighbour } from "./grid";

describe("the grid", () => {
  it("fits as many cards as are wide enough", () => {
    expect(gridShape(236).columns).toBe(1);
    expect(gridShape(100).columns).toBe(1);
    expect(gridShape(236 * 3 + 32).columns).toBe(3);
    expect(gridShape(1280).columns).toBe(5);
  });

  it("is walked with the arrows", () => {
    expect(neighbour("ArrowRight", 4, 5, 12)).toBe(5);
    expect(neighbour("ArrowDown", 4, 5, 12)).toBe(9);
    expect(neighbour("ArrowDown", 9, 5, 12)).toBeNull();
    expect(neighbour("ArrowUp", 3, 5, 12)).toBeNull();
    expect(neighbour("a", 3, 5, 12)).toBeNull();
  });
});
