import type { Sprite } from "../api/model";
import { tileAtTime } from "../library/sprite";
import { columnsOf, type Peaks } from "./peaks";

/** A canvas as sharp as its screen; answers its size in CSS pixels. */
function prepare(canvas: HTMLCanvasElement): { context: CanvasRenderingContext2D; width: number; height: number } | null {
  const context = canvas.getContext("2d");
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!context || width === 0) return null;
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Tiles side by side over the whole length, each showing the middle of the stretch that it covers. */
export function drawFilmstrip(canvas: HTMLCanvasElement, image: HTMLImageElement, sprite: Sprite, seconds: number): void {
  const room = prepare(canvas);
  if (!room) return;
  const { context, width, height } = room;
  const wide = (height * sprite.tile_width) / sprite.tile_height;
  const count = Math.max(1, Math.ceil(width / wide));
  // The sheet may be stored at another size than its tiles are declared in.
  const scale = image.naturalWidth / (sprite.columns * sprite.tile_width);
  for (let index = 0; index < count; index++) {
    const tile = tileAtTime(sprite, (((index + 0.5) * wide) / width) * seconds);
    const source = [tile.x, tile.y, sprite.tile_width, sprite.tile_height].map((value) => value * scale);
    context.drawImage(image, source[0] ?? 0, source[1] ?? 0, source[2] ?? 1, source[3] ?? 1, index * wide, 0, wide, height);
  }
}

export function drawWaveform(canvas: HTMLCanvasElement, peaks: Peaks, seconds: number): void {
  const room = prepare(canvas);
  if (!room) return;
  const { context, width, height } = room;
  const columns = columnsOf(peaks, seconds, Math.floor(width));
  const middle = height / 2;
  context.fillStyle = getComputedStyle(canvas).color;
  for (let x = 0; x < columns.length / 2; x++) {
    const low = columns[x * 2] ?? 0;
    const high = columns[x * 2 + 1] ?? 0;
    const top = middle - high * middle;
    context.fillRect(x, top, 1, Math.max(1, middle - low * middle - top));
  }
}

const intervals = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Round moments to label, none closer than `apart` pixels. */
export function ticks(seconds: number, width: number, apart = 96): number[] {
  if (width <= 0 || seconds <= 0) return [];
  const least = (seconds * apart) / width;
  const each = intervals.find((interval) => interval >= least) ?? Math.ceil(least / 3600) * 3600;
  return Array.from({ length: Math.floor(seconds / each) + 1 }, (_, index) => index * each);
}
