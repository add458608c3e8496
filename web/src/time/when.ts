const ranges: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, "second"],
  [60, "minute"],
  [24, "hour"],
  [30, "day"],
  [12, "month"],
  [Number.POSITIVE_INFINITY, "year"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "3 minutes ago"; instants are microseconds since the epoch, as everywhere on the wire. */
export function ago(instant: number, now: number = Date.now()): string {
  let value = (instant / 1000 - now) / 1000;
  if (Math.abs(value) < 5) return "just now";
  for (const [size, unit] of ranges) {
    if (Math.abs(value) < size) return relative.format(Math.round(value), unit);
    value /= size;
  }
  return exactly(instant);
}

export function exactly(instant: number): string {
  return new Date(instant / 1000).toLocaleString();
}

export function isoInstant(instant: number): string {
  return new Date(instant / 1000).toISOString();
}

const units = ["B", "kB", "MB", "GB", "TB"];

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** "12 s left", "4 min left". */
export function formatEta(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min left`;
  return `${(seconds / 3600).toFixed(1)} h left`;
}
