import type { Sprite } from "../api/model";

/** Where a tile lies on its sheet, in pixels. */
export interface TilePlace {
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

export function tilePlace(sprite: Sprite, index: number): TilePlace {
  const within = Math.min(Math.max(0, index), sprite.count - 1);
  return {
    index: within,
    x: (within % sprite.columns) * sprite.tile_width,
    y: Math.floor(within / sprite.columns) * sprite.tile_height,
  };
}

/** The tile for a share of the whole, 0 to 1: what a pointer over a poster asks for. */
export function tileAtShare(sprite: Sprite, share: number): TilePlace {
  return tilePlace(sprite, Math.floor(share * sprite.count));
}

/** The tile taken last at or before `seconds`. */
export function tileAtTime(sprite: Sprite, seconds: number): TilePlace {
  const { interval, times } = sprite;
  if (!times) {
    const [num = 1, den = 1] = (interval ?? "1").split("/").map(Number);
    return tilePlace(sprite, Math.floor((seconds * den) / num + 1e-6));
  }
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((times[middle] ?? 0) <= seconds + 1e-6) low = middle;
    else high = middle - 1;
  }
  return tilePlace(sprite, low);
}
