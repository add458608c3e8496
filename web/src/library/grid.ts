export const gap = 16;
const narrowest = 236;
/** Name, verdict and their padding under a picture. */
const captions = 44;

export interface GridShape {
  readonly columns: number;
  readonly rowHeight: number;
}

/** How many cards fit beside each other, and how tall a row of them is, gap included. */
export function gridShape(width: number): GridShape {
  const columns = Math.max(1, Math.floor((width + gap) / (narrowest + gap)));
  const card = (width - gap * (columns - 1)) / columns;
  return { columns, rowHeight: Math.round((card * 9) / 16) + captions + gap };
}

/** Where an arrow key leads from a card; null when it leads nowhere. */
export function neighbour(key: string, index: number, columns: number, count: number): number | null {
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const step = steps[key];
  if (step === undefined) return null;
  const to = index + step;
  return to >= 0 && to < count ? to : null;
}
