import type Hls from "hls.js";
import { addTexts } from "./texts";

export interface Stream {
  /** First frames of the segments, in seconds: where the proxy can be entered without decoding on. */
  keyframes(): number[];
  destroy(): void;
}

type OnBroken = (message: string) => void;

/** Safari's own player is exact where ManagedMediaSource exists; Chromium's misses half of all seeks. */
function prefersNative(video: HTMLVideoElement): boolean {
  return "ManagedMediaSource" in window && video.canPlayType("application/vnd.apple.mpegurl") !== "";
}

function attachNative(video: HTMLVideoElement, url: string, onBroken: OnBroken): Stream {
  const failed = () => onBroken(video.error?.message || "The browser could not play this proxy.");
  video.addEventListener("error", failed);
  video.src = url;
  return {
    keyframes: () => [],
    destroy() {
      video.removeEventListener("error", failed);
      video.removeAttribute("src");
      video.load();
    },
  };
}

/** Plays a master playlist in `video`, from its first frame, finished or still growing. */
export async function attachStream(video: HTMLVideoElement, url: string, onBroken: OnBroken): Promise<Stream> {
  if (prefersNative(video)) return attachNative(video, url, onBroken);
  const { default: Library } = await import("./hls");
  if (!Library.isSupported()) return attachNative(video, url, onBroken);
  const hls = new Library({
    // A playlist that still grows looks live; its beginning is what everybody came for.
    startPosition: 0,
    // fMP4 passes through unchanged: there is nothing for a worker to do.
    enableWorker: false,
    maxBufferLength: 30,
    backBufferLength: 60,
    maxBufferHole: 0.1,
    capLevelToPlayerSize: false,
    startLevel: -1,
    // A part that is made on request answers when it is there; the server ends the wait itself, after 30 s.
    fragLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: 45_000,
        maxLoadTimeMs: 120_000,
        timeoutRetry: { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 },
        errorRetry: { maxNumRetry: 6, retryDelayMs: 1000, maxRetryDelayMs: 8000 },
      },
    },
  });
  followErrors(hls, Library, onBroken);
  let removeTexts = () => {};
  hls.on(Library.Events.MANIFEST_PARSED, (_event, { subtitleTracks }) => {
    removeTexts();
    removeTexts = addTexts(video, subtitleTracks);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    keyframes: () => hls.levels[Math.max(0, hls.currentLevel)]?.details?.fragments.map((fragment) => fragment.start) ?? [],
    destroy() {
      removeTexts();
      hls.destroy();
    },
  };
}

function followErrors(hls: Hls, Library: typeof Hls, onBroken: OnBroken): void {
  let recoveries = 0;
  hls.on(Library.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    recoveries += 1;
    if (recoveries > 3) {
      hls.stopLoad();
      onBroken(`The proxy could not be played (${data.details}).`);
    } else if (data.type === Library.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else if (data.type === Library.ErrorTypes.NETWORK_ERROR) setTimeout(() => hls.startLoad(), 500 * recoveries);
    else onBroken(`The proxy could not be played (${data.details}).`);
  });
}
