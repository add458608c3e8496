import { Film } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { thumbHashToRGBA } from "thumbhash";
import type { Sprite, VideoRow } from "../api/model";
import styles from "./Poster.module.css";
import { tileAtShare } from "./sprite";

const formats = ["avif", "webp"] as const;

function srcset(sources: { width: number; url: string }[]): string {
  return sources.map((source) => `${source.url} ${source.width}w`).join(", ");
}

/** The video's picture: its thumbhash at once, its poster when loaded, its frames under a moving pointer. */
export function Poster({ video, sizes, eager = false }: { video: VideoRow; sizes: string; eager?: boolean }) {
  const [share, setShare] = useState<number | null>(null);
  const { sprite, poster } = video;
  const fallback = poster?.jpeg;
  return (
    <div
      className={styles.poster}
      onPointerMove={(event) => {
        if (event.pointerType === "touch") return;
        const box = event.currentTarget.getBoundingClientRect();
        setShare((event.clientX - box.left) / box.width);
      }}
      onPointerLeave={() => setShare(null)}
    >
      {!poster && !video.thumbhash && <Film className={styles.blank} aria-hidden />}
      {video.thumbhash && <ThumbHash hash={video.thumbhash} />}
      {fallback && (
        <picture>
          {formats.map((format) => {
            const sources = poster?.[format];
            return sources?.length ? <source key={format} type={`image/${format}`} srcSet={srcset(sources)} sizes={sizes} /> : null;
          })}
          <img
            src={fallback[0]?.url}
            srcSet={srcset(fallback)}
            sizes={sizes}
            alt=""
            loading={eager ? "eager" : "lazy"}
            decoding="async"
            draggable={false}
          />
        </picture>
      )}
      {sprite && share !== null && <Scrub sprite={sprite} share={share} />}
    </div>
  );
}

function Scrub({ sprite, share }: { sprite: Sprite; share: number }) {
  const tile = tileAtShare(sprite, share);
  const across = sprite.columns > 1 ? (tile.index % sprite.columns) / (sprite.columns - 1) : 0;
  const down = sprite.rows > 1 ? Math.floor(tile.index / sprite.columns) / (sprite.rows - 1) : 0;
  return (
    <div className={styles.scrub} data-testid="hover-scrub" data-tile={tile.index}>
      <div
        className={styles.tile}
        style={{
          aspectRatio: `${sprite.tile_width} / ${sprite.tile_height}`,
          backgroundImage: `url("${sprite.url}")`,
          backgroundSize: `${sprite.columns * 100}% ${sprite.rows * 100}%`,
          backgroundPosition: `${across * 100}% ${down * 100}%`,
        }}
      />
      <div className={styles.needle} style={{ left: `${share * 100}%` }} />
    </div>
  );
}

function ThumbHash({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context) return;
    const bytes = Uint8Array.from(atob(hash), (character) => character.charCodeAt(0));
    const { w, h, rgba } = thumbHashToRGBA(bytes);
    canvas.current.width = w;
    canvas.current.height = h;
    context.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
  }, [hash]);
  return <canvas ref={canvas} className={styles.hash} aria-hidden />;
}
