import type { FrameClock } from "../time/clock";
import type { MarkedRange } from "./marks";
import { showNextText, textsOf } from "./texts";

export interface PlayerState {
  /** The frame on screen, as the browser presented it. */
  readonly frame: number;
  /** Frames can be asked for: the first picture has been shown and measured. */
  readonly ready: boolean;
  readonly playing: boolean;
  /** −8 to 8; 0 while paused. */
  readonly speed: number;
  readonly looping: boolean;
  readonly muted: boolean;
  readonly volume: number;
  readonly waiting: boolean;
  /** Seconds that can be played: grows while the proxy is being made. */
  readonly available: number;
  /** Subtitle tracks there are, and the name of the one that shows. */
  readonly texts: number;
  readonly text: string | null;
}

const initial: PlayerState = {
  frame: 0,
  ready: false,
  playing: false,
  speed: 0,
  looping: false,
  muted: false,
  volume: 1,
  waiting: false,
  available: 0,
  texts: 0,
  text: null,
};

/**
 * Frame-exact control of one <video>.
 *
 * The truth about the picture is `mediaTime` of requestVideoFrameCallback: `currentTime` runs ahead of what is shown.
 * One seek is under way at a time and the latest wish waits, so that a drag follows the pointer at decode speed.
 */
export class Player {
  readonly video: HTMLVideoElement;
  clock: FrameClock;
  range: MarkedRange | null = null;
  private state = initial;
  private readonly listeners = new Set<() => void>();
  private readonly leaving = new AbortController();
  private callback = 0;
  private aim: number | null = null;
  private wish: number | null = null;
  /** Where the last seek ended, until its picture is presented: a step made meanwhile counts from there. */
  private landed: number | null = null;
  private reverse = 0;

  constructor(video: HTMLVideoElement, clock: FrameClock) {
    this.video = video;
    this.clock = clock;
    const on = (name: string, listener: () => void) => video.addEventListener(name, listener, { signal: this.leaving.signal });
    on("seeked", this.onSeeked);
    on("play", () => this.set({ playing: true, speed: video.playbackRate }));
    on("pause", () => this.reverse === 0 && this.set({ playing: false, speed: 0 }));
    on("waiting", () => this.set({ waiting: true }));
    on("playing", () => this.set({ waiting: false }));
    on("volumechange", () => this.set({ muted: video.muted, volume: video.volume }));
    for (const name of ["durationchange", "progress", "loadedmetadata"]) on(name, this.onProgress);
    for (const name of ["addtrack", "removetrack", "change"]) {
      video.textTracks.addEventListener(name, this.onTexts, { signal: this.leaving.signal });
    }
    this.onTexts();
    this.callback = video.requestVideoFrameCallback(this.onFrame);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): PlayerState => this.state;

  destroy(): void {
    this.leaving.abort();
    this.endReverse();
    this.video.cancelVideoFrameCallback(this.callback);
    this.listeners.clear();
  }

  /** A better account of the frames, once the proxy is finished; the measured start stays. */
  setClock(clock: FrameClock): void {
    clock.offset = this.clock.offset;
    this.clock = clock;
  }

  /** The frame that will be on screen once everything asked for has happened. */
  get heading(): number {
    return this.wish ?? this.aim ?? this.landed ?? this.state.frame;
  }

  seek(frame: number): void {
    if (!this.state.ready) return;
    const target = this.clock.clamp(frame);
    if (this.aim !== null) {
      this.wish = target;
      return;
    }
    this.aim = target;
    this.video.currentTime = this.clock.seekTime(target);
  }

  step(frames: number): void {
    this.pause();
    this.seek(this.heading + frames);
  }

  pause(): void {
    this.endReverse();
    this.video.pause();
    this.set({ playing: false, speed: 0, looping: false });
  }

  toggle(): void {
    if (this.state.playing) this.pause();
    else this.play(1);
  }

  play(speed: number): void {
    if (!this.state.ready) return;
    this.endReverse();
    if (speed < 0) return this.startReverse(speed);
    this.landed = null;
    if (this.state.frame >= this.clock.last && !this.state.looping) this.seek(0);
    this.video.playbackRate = speed;
    this.set({ speed });
    // A play that a pause overtakes rejects; the pause has already said what is true.
    this.video.play().catch(() => this.set({ playing: !this.video.paused }));
  }

  /** Plays the marked range again and again. */
  playLooped(): void {
    if (!this.range) return this.toggle();
    this.seek(this.range.inFrame);
    this.play(1);
    this.set({ looping: true });
  }

  setMuted(muted: boolean): void {
    this.video.muted = muted;
  }

  setVolume(volume: number): void {
    this.video.volume = volume;
    this.video.muted = volume === 0;
  }

  /** Shows the next subtitles; after the last ones, none. */
  nextText(): void {
    showNextText(this.video);
  }

  private set(part: Partial<PlayerState>): void {
    const next = { ...this.state, ...part };
    if ((Object.keys(part) as (keyof PlayerState)[]).every((key) => this.state[key] === next[key])) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }

  private readonly onFrame = (_now: number, meta: VideoFrameCallbackMetadata): void => {
    if (!this.state.ready) this.calibrate(meta.mediaTime);
    const frame = this.clock.frameAt(meta.mediaTime);
    if (frame === this.landed) this.landed = null;
    this.set({ frame, ready: true });
    this.callback = this.video.requestVideoFrameCallback(this.onFrame);
    const { range } = this;
    if (this.state.looping && range && this.aim === null && (frame >= range.outFrame - 1 || frame < range.inFrame)) {
      this.seek(range.inFrame);
    }
  };

  /** The first picture is frame 0; what its media time says is where this player's clock starts. */
  private calibrate(mediaTime: number): void {
    const frame = this.clock.duration / this.clock.frames;
    // A start further in than a few frames is not a late clock but another frame: keep only the part below one frame.
    this.clock.offset = mediaTime < 4 * frame ? mediaTime : mediaTime - Math.floor(mediaTime / frame) * frame;
  }

  private readonly onSeeked = (): void => {
    this.landed = this.aim;
    this.aim = null;
    if (this.wish === null) return;
    const wish = this.wish;
    this.wish = null;
    this.seek(wish);
  };

  private readonly onProgress = (): void => {
    const { seekable, duration } = this.video;
    const end = seekable.length > 0 ? seekable.end(seekable.length - 1) : duration;
    this.set({ available: Number.isFinite(end) ? end : 0 });
  };

  private readonly onTexts = (): void => {
    const tracks = textsOf(this.video);
    this.set({ texts: tracks.length, text: tracks.find((track) => track.mode === "showing")?.label ?? null });
  };

  /** Browsers do not play backwards: each picture is a seek, as many a second as the decoder manages. */
  private startReverse(speed: number): void {
    this.video.pause();
    const from = this.heading;
    const start = performance.now();
    const fps = this.clock.frames / this.clock.duration;
    const tick = (now: number) => {
      const frame = from + Math.trunc(((now - start) / 1000) * fps * speed);
      if (frame <= 0) {
        this.seek(0);
        return this.pause();
      }
      if (this.aim === null && frame !== this.state.frame) this.seek(frame);
      this.reverse = requestAnimationFrame(tick);
    };
    this.reverse = requestAnimationFrame(tick);
    this.set({ playing: true, speed });
  }

  private endReverse(): void {
    cancelAnimationFrame(this.reverse);
    this.reverse = 0;
  }
}
