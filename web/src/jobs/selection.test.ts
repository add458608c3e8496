import { describe, expect, test } from "vitest";
import type { Job } from "../api/model";
import { mergeJobs, pushedOut } from "./merge";
import { jobsSearch } from "./search";
import { everything, extend, isChosen, nothing, toggle } from "./selection";

const rows = ["a", "b", "c", "d"];
const job = (id: string, state = "queued") => ({ id, state }) as Job;

describe("a selection", () => {
  test("takes and drops one", () => {
    const one = toggle(nothing, "b");
    expect([...one.ids]).toEqual(["b"]);
    expect(toggle(one, "b").ids.size).toBe(0);
  });

  test("reaches from its anchor in both directions, and shrinks again", () => {
    const from = toggle(nothing, "c");
    expect([...extend(from, rows, "a").ids]).toEqual(["a", "b", "c"]);
    expect([...extend(extend(from, rows, "a"), rows, "d").ids]).toEqual(["c", "d"]);
  });

  test("begins anew where its anchor has gone", () => {
    expect([...extend(toggle(nothing, "gone"), rows, "b").ids]).toEqual(["b"]);
  });

  test("of everything holds what is not loaded, until one row is taken", () => {
    expect(isChosen(everything, "whatever")).toBe(true);
    expect([...toggle(everything, "a").ids]).toEqual(["a"]);
  });
});

test("the newest page comes first, and nothing twice or in another state", () => {
  const merged = mergeJobs([job("c"), job("b", "done")], [job("b"), job("a"), job("z", "done")], "queued");
  expect(merged.map((one) => one.id)).toEqual(["c", "a"]);
});

test("an address keeps what makes sense", () => {
  const search = jobsSearch({ state: "running", kind: "proxy", text: 7, job: "x".repeat(41), parent: "job_1", more: 1 });
  expect(search).toEqual({ state: "running", kind: "proxy", parent: "job_1" });
});

describe("what newer jobs push out of the newest page", () => {
  const page = (...ids: string[]) => ids.map((id) => job(id));
  test("is kept", () => expect(pushedOut(page("d", "c", "b"), page("f", "e", "d"))).toEqual(page("c", "b")));
  test("is nothing while the page only grows or stays", () => {
    expect(pushedOut(page("d", "c"), page("d", "b"))).toEqual([]);
    expect(pushedOut(page("d", "c"), page("d", "c"))).toEqual([]);
    expect(pushedOut([], page("d", "c"))).toEqual([]);
  });
  test("cannot be told when all of it is gone", () => expect(pushedOut(page("b", "a"), page("f", "e"))).toBeNull());
});
