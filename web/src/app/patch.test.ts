import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { patchCache, patchPages } from "./patch";

const pages = () => ({
  pages: [{ items: [{ id: "a", n: 1 }, { id: "b", n: 2 }] }, { items: [{ id: "c", n: 3 }] }],
  pageParams: [null, "b"],
});

describe("announcements", () => {
  it("change one row and leave the other pages untouched", () => {
    const before = pages();
    const after = patchPages(before, { id: "c", n: 9 });
    expect(after.pages[1]?.items[0]).toEqual({ id: "c", n: 9 });
    expect(after.pages[0]).toBe(before.pages[0]);
  });

  it("take a deleted row away", () => {
    expect(patchPages(pages(), { id: "a", deleted: true }).pages[0]?.items.map((item) => item.id)).toEqual(["b"]);
  });

  it("leave the data alone when no page shows the row", () => {
    const before = pages();
    expect(patchPages(before, { id: "z" })).toBe(before);
  });

  it("reach every list that shows the row", () => {
    const client = new QueryClient();
    client.setQueryData(["jobs", { state: "" }], pages());
    client.setQueryData(["jobs", { state: "running" }], pages());
    patchCache(client, "job.changed", { id: "b", n: 7, state: "running" });
    for (const [, data] of client.getQueriesData<ReturnType<typeof pages>>({ queryKey: ["jobs"] })) {
      expect(data?.pages[0]?.items[1]).toEqual({ id: "b", n: 7, state: "running" });
    }
  });
});
