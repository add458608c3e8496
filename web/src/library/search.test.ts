import { describe, expect, it } from "vitest";
import { jobsSearch } from "../jobs/search";
import { fromSortChoice, isFiltered, librarySearch, sortChoice, sortChoices } from "./search";

describe("the library's address", () => {
  it("keeps what it understands", () => {
    const raw = { q: "talk", verdict: "corrupt", proxy: "ready", sort: "name", order: "desc" };
    expect(librarySearch(raw)).toEqual(raw);
  });

  it("drops what it does not", () => {
    expect(librarySearch({ q: "", verdict: "fine", proxy: 3, sort: "size", order: "up", other: 1 })).toEqual({});
  });

  it("searches for a name of digits", () => {
    expect(librarySearch({ q: 2024 })).toEqual({ q: "2024" });
  });

  it("knows filters from order", () => {
    expect(isFiltered({ sort: "name" })).toBe(false);
    expect(isFiltered({ q: "x" })).toBe(true);
  });

  it.each(sortChoices.map(([value]) => value))("returns to the choice %s", (choice) => {
    expect(sortChoice(fromSortChoice(choice))).toBe(choice);
  });
});

describe("the address of the jobs page", () => {
  it("keeps what makes sense", () => {
    expect(jobsSearch({ state: "failed", kind: "proxy" })).toEqual({ state: "failed", kind: "proxy" });
    expect(jobsSearch({ state: "lost", kind: "" })).toEqual({});
    expect(jobsSearch({ kind: "x".repeat(41), text: 7 })).toEqual({});
  });
});
