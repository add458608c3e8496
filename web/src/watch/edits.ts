/** The nearest of `points` before or after a frame; null when there is none. */
export function pointBefore(points: readonly number[], frame: number): number | null {
  const before = points.filter((point) => point < frame);
  return before.length > 0 ? Math.max(...before) : null;
}

export function pointAfter(points: readonly number[], frame: number): number | null {
  const after = points.filter((point) => point > frame);
  return after.length > 0 ? Math.min(...after) : null;
}

const speeds = [1, 2, 4, 8];

/** The next shuttle speed: faster in the same direction, 1× when turning round. */
export function shuttled(speed: number, direction: 1 | -1): number {
  if (Math.sign(speed) !== direction) return direction;
  const index = speeds.indexOf(Math.abs(speed));
  return direction * (speeds[Math.min(index + 1, speeds.length - 1)] ?? 1);
}
