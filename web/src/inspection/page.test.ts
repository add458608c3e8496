import { describe, expect, it } from "vitest";
import { cronOf, firstPlan, looksLikeCron, planInWords, planOf } from "./cron";
import { extensionsIn, foldersIn, placeOf, splitPath } from "./places";
import { inspectSearch } from "./search";
import { columnsOf, inWords, partsOf, totalOf } from "./statuses";

describe("the address of the inspect page", () => {
  it("keeps what it understands", () => {
    const raw = { view: "schedules", scan: "scn_1", status: "corrupt", q: "2024", file: "17" };
    expect(inspectSearch(raw)).toEqual(raw);
    expect(inspectSearch({ file: 17, q: 0 })).toEqual({ file: "17", q: "0" });
  });

  it("drops what it does not", () => {
    expect(inspectSearch({ view: "scans", status: "pending", q: "", scan: null, file: {} })).toEqual({});
  });
});

describe("schedules in plain words", () => {
  it.each([
    ["0 3 * * 6", "Saturdays at 03:00"],
    ["30 22 * * *", "Every day at 22:30"],
    ["5 0 * * 7", "Sundays at 00:05"],
    ["*/15 * * * *", "*/15 * * * *"],
    ["0 3 1 * *", "0 3 1 * *"],
    ["0 24 * * *", "0 24 * * *"],
  ])("%s is %s", (cron, words) => {
    expect(planInWords(cron)).toBe(words);
  });

  it.each(["0 3 * * 6", "30 22 * * *", "*/15 2-4 1,15 * 1-5"])("%s survives the form", (cron) => {
    expect(cronOf(planOf(cron))).toBe(cron);
  });

  it("tidies what somebody typed", () => {
    expect(cronOf({ ...firstPlan, every: "cron", cron: "  0  3 * *   6 " })).toBe("0 3 * * 6");
  });

  it("knows five fields from anything else", () => {
    expect(["0 3 * * sat", "*/5 1-3,7 * jan-mar 1", "0 0 1 1 0"].every(looksLikeCron)).toBe(true);
    expect(["", "0 3 * *", "daily", "0 3 * * x", "0 3 * * * *"].some(looksLikeCron)).toBe(false);
  });
});

describe("places", () => {
  it("are named by their end", () => {
    expect(splitPath("/mnt/nas/a b.mp4")).toEqual({ name: "a b.mp4", folder: "/mnt/nas" });
    expect(splitPath("/a.mp4")).toEqual({ name: "a.mp4", folder: "/" });
    expect(splitPath("C:\\films\\a.mov")).toEqual({ name: "a.mov", folder: "C:\\films" });
    expect(splitPath("plain")).toEqual({ name: "plain", folder: "" });
    expect(placeOf({ roots: ["/mnt/nas/rushes/", "/b", "/c"], library: false }).name).toBe("rushes and 2 more");
    expect(placeOf({ roots: ["/"], library: false }).name).toBe("/");
    expect(placeOf({ roots: [], library: true }).name).toBe("The library");
  });

  it("are typed one a line", () => {
    expect(foldersIn(" /a \n\n/b\r\n/a")).toEqual(["/a", "/b"]);
    expect(extensionsIn("mp4, .MKV *.mov;mp4")).toEqual(["mp4", "mkv", "mov"]);
  });
});

describe("counts by status", () => {
  const statuses = { healthy: 49_000, corrupt: 3, suspect: 5, note: 20 };

  it("come worst first", () => {
    expect(partsOf(statuses).map((part) => part.status)).toEqual(["corrupt", "suspect", "note", "healthy"]);
    expect(totalOf(statuses)).toBe(49_028);
  });

  it("are said in words", () => {
    expect(inWords(statuses)).toBe("3 corrupt, 5 suspect");
    expect(inWords({ healthy: 2 })).toBe("Nothing damaged");
    expect(inWords({})).toBe("Nothing looked at yet");
  });

  it("are columns of what is damaged, as tall as the worst scan allows", () => {
    const columns = columnsOf([{ statuses }, { statuses: { healthy: 9 } }, { statuses: { "not-video": 16 } }]);
    expect(columns[0]?.parts).toEqual([
      { tone: "bad", from: 0, tall: 3 / 16 },
      { tone: "warn", from: 3 / 16, tall: 5 / 16 },
    ]);
    expect(columns[1]?.parts).toEqual([]);
    expect(columns[2]?.parts).toEqual([{ tone: "bad", from: 0, tall: 1 }]);
  });
});
