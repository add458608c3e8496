import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { patchCache, patchPages } from "./patch";

const pages = () => ({
  pages: [{ items: [{ id: "a", n: 1 }, { id: "b", n: 2 }] }, { items: [{ id: "c", n: 3 }] }],
  pageParams: [null, "b"],
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.runOnlyPendingTimers();
  vi.useRealTimers();
});

describe("announcements", () => {
  it("change one row and leave the other pages untouched", () => {
    const before = pages();
    const after = patchPages(before, "c", (row) => ({ ...row, n: 9 }));
    expect(after.pages[1]?.items[0]).toEqual({ id: "c", n: 9 });
    expect(after.pages[0]).toBe(before.pages[0]);
  });

  it("take a row away", () => {
    expect(patchPages(pages(), "a", () => null).pages[0]?.items.map((item) => item.id)).toEqual(["b"]);
  });

  it("leave the data alone when no page shows the row", () => {
    const before = pages();
    expect(patchPages(before, "z", () => null)).toBe(before);
  });

  it("reach every list that shows the row", () => {
    const client = new QueryClient();
    client.setQueryData(["jobs-older", { state: "" }], pages());
    client.setQueryData(["jobs-older", { state: "running" }], pages());
    patchCache(client, "job.changed", { id: "b", n: 7, state: "running" });
    for (const [, data] of client.getQueriesData<ReturnType<typeof pages>>({ queryKey: ["jobs-older"] })) {
      expect(data?.pages[0]?.items[1]).toEqual({ id: "b", n: 7, state: "running" });
    }
  });

  it("show a proxy's progress on its video", () => {
    const client = new QueryClient();
    client.setQueryData(["videos", {}], pages());
    patchCache(client, "job.changed", { id: "j", kind: "proxy", state: "running", subject: "a", stage: "encoding", progress: 0.5 });
    const shown = client.getQueryData<ReturnType<typeof pages>>(["videos", {}]);
    expect(shown?.pages[0]?.items[0]).toMatchObject({ jobs: { stage: "encoding", progress: 0.5 } });
  });

  it("ask again once for many changes, and not at all for progress", () => {
    const client = new QueryClient();
    const asked = vi.spyOn(client, "invalidateQueries");
    const lists = () => asked.mock.calls.filter(([filter]) => filter?.queryKey?.[0] === "jobs").length;
    for (let index = 0; index < 50; index++) patchCache(client, "job.changed", { id: `new-${index}`, state: "queued" });
    vi.runAllTimers();
    expect(lists()).toBe(1);
    for (let index = 0; index < 50; index++) patchCache(client, "job.changed", { id: "new-1", state: "queued", progress: index });
    vi.runAllTimers();
    expect(lists()).toBe(1);
  });
});
