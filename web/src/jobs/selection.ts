/** Which rows are chosen: some, or everything that fits the filter. */
export interface Selection {
  readonly all: boolean;
  readonly ids: ReadonlySet<string>;
  /** Where a range begins. */
  readonly anchor: string | null;
}

export const nothing: Selection = { all: false, ids: new Set(), anchor: null };
export const everything: Selection = { all: true, ids: new Set(), anchor: null };

export function isChosen(selection: Selection, id: string): boolean {
  return selection.all || selection.ids.has(id);
}

export function toggle(selection: Selection, id: string): Selection {
  const ids = new Set(selection.all ? [] : selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { all: false, ids, anchor: id };
}

/** From the anchor to a row, both included, in place of what was chosen before. */
export function extend(selection: Selection, rows: readonly string[], to: string): Selection {
  const anchor = selection.anchor ?? to;
  const [first, last] = [rows.indexOf(anchor), rows.indexOf(to)].sort((one, other) => one - other);
  if (first === undefined || last === undefined || first < 0) return { all: false, ids: new Set([to]), anchor: to };
  return { all: false, ids: new Set(rows.slice(first, last + 1)), anchor };
}
