import type { ProxyState, Verdict } from "../api/model";
import { verdicts } from "../inspection/verdicts";

export const sorts = ["added", "name", "duration", "relevance"] as const;
export const proxyStates: readonly ProxyState[] = ["ready", "encoding", "queued", "failed", "none"];

export interface LibrarySearch {
  q?: string;
  verdict?: Verdict;
  proxy?: ProxyState;
  tag?: string;
  sort?: (typeof sorts)[number];
  order?: "asc" | "desc";
}

/** The filters of the library as they stand in its address; what is not understood is left out. */
export function librarySearch(raw: Record<string, unknown>): LibrarySearch {
  const search: LibrarySearch = {};
  if (typeof raw.q === "string" || typeof raw.q === "number") search.q = String(raw.q);
  if (typeof raw.verdict === "string" && raw.verdict in verdicts) search.verdict = raw.verdict as Verdict;
  if (proxyStates.includes(raw.proxy as ProxyState)) search.proxy = raw.proxy as ProxyState;
  if (raw.tag !== undefined && raw.tag !== "") search.tag = String(raw.tag);
  if (sorts.includes(raw.sort as "added")) search.sort = raw.sort as LibrarySearch["sort"];
  if (raw.order === "asc" || raw.order === "desc") search.order = raw.order;
  if (!search.q) delete search.q;
  return search;
}

export function isFiltered(search: LibrarySearch): boolean {
  return Boolean(search.q || search.verdict || search.proxy || search.tag);
}

/** The choices of the sort menu: a field and the direction people expect of it. */
export const sortChoices = [
  ["added-desc", "Newest first"],
  ["added-asc", "Oldest first"],
  ["name-asc", "Name A–Z"],
  ["name-desc", "Name Z–A"],
  ["duration-desc", "Longest first"],
  ["duration-asc", "Shortest first"],
  ["relevance-desc", "Best match first"],
] as const;

export function sortChoice(search: LibrarySearch): string {
  const sort = search.sort ?? "added";
  return `${sort}-${search.order ?? (sort === "name" ? "asc" : "desc")}`;
}

export function fromSortChoice(choice: string): Pick<LibrarySearch, "sort" | "order"> {
  if (choice === "added-desc") return { sort: undefined, order: undefined };
  const [sort, order] = choice.split("-") as [LibrarySearch["sort"], LibrarySearch["order"]];
  return { sort, order };
}
