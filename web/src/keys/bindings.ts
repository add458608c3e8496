/** Every key the app knows: one table, so that the overlay, the settings and the handlers cannot disagree. */
export interface Action {
  readonly label: string;
  readonly group: "Playback" | "Frames" | "Marks and clips" | "Everywhere" | "Library";
  readonly keys: readonly string[];
}

export const actions = {
  playPause: { label: "Play or pause", group: "Playback", keys: ["Space"] },
  stop: { label: "Stop", group: "Playback", keys: ["k"] },
  shuttleBack: { label: "Shuttle back 1, 2, 4, 8×", group: "Playback", keys: ["j"] },
  shuttleOn: { label: "Shuttle on 1, 2, 4, 8×", group: "Playback", keys: ["l"] },
  playMarked: { label: "Play between the marks, looped", group: "Playback", keys: ["Shift+Space"] },
  mute: { label: "Mute", group: "Playback", keys: ["m"] },
  subtitles: { label: "Next subtitles, then none", group: "Playback", keys: ["c"] },
  frameBack: { label: "One frame back", group: "Frames", keys: ["ArrowLeft", ","] },
  frameOn: { label: "One frame on", group: "Frames", keys: ["ArrowRight", "."] },
  secondBack: { label: "One second back", group: "Frames", keys: ["Shift+ArrowLeft"] },
  secondOn: { label: "One second on", group: "Frames", keys: ["Shift+ArrowRight"] },
  keyframeBack: { label: "Previous keyframe", group: "Frames", keys: ["Alt+ArrowLeft"] },
  keyframeOn: { label: "Next keyframe", group: "Frames", keys: ["Alt+ArrowRight"] },
  first: { label: "First frame", group: "Frames", keys: ["Home"] },
  last: { label: "Last frame", group: "Frames", keys: ["End"] },
  previousEdit: { label: "Previous edit point", group: "Frames", keys: ["ArrowUp"] },
  nextEdit: { label: "Next edit point", group: "Frames", keys: ["ArrowDown"] },
  goTo: { label: "Go to a timecode", group: "Frames", keys: ["g"] },
  markIn: { label: "Mark in", group: "Marks and clips", keys: ["i"] },
  markOut: { label: "Mark out", group: "Marks and clips", keys: ["o"] },
  toIn: { label: "Jump to in", group: "Marks and clips", keys: ["Shift+I"] },
  toOut: { label: "Jump to out", group: "Marks and clips", keys: ["Shift+O"] },
  clearMarks: { label: "Clear the marks", group: "Marks and clips", keys: ["x"] },
  exportClip: { label: "Cut the clip", group: "Marks and clips", keys: ["e"] },
  search: { label: "Search the library", group: "Library", keys: ["/"] },
  help: { label: "Show the keys", group: "Everywhere", keys: ["?"] },
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof actions;
export type Keymap = Readonly<Record<ActionName, readonly string[]>>;

const names = Object.keys(actions) as ActionName[];
const storageKey = "cutroom.keys";

export function defaultKeymap(): Keymap {
  return Object.fromEntries(names.map((name) => [name, actions[name].keys])) as unknown as Keymap;
}

/** The defaults with a person's own keys over them; anything unreadable is left out. */
export function mergeKeymap(own: unknown): Keymap {
  const merged: Record<string, readonly string[]> = { ...defaultKeymap() };
  if (own && typeof own === "object") {
    for (const [name, keys] of Object.entries(own)) {
      if (name in merged && Array.isArray(keys) && keys.every((key) => typeof key === "string")) merged[name] = keys;
    }
  }
  return merged as unknown as Keymap;
}

export function readKeymap(): Keymap {
  try {
    return mergeKeymap(JSON.parse(localStorage.getItem(storageKey) ?? "null"));
  } catch {
    // Storage may be switched off, or hold what another version wrote.
    return defaultKeymap();
  }
}

/** Keeps only what differs, so that later defaults reach people who changed one key. */
export function writeKeymap(keymap: Keymap): void {
  const defaults = defaultKeymap();
  const own = names.filter((name) => keymap[name].join(" ") !== defaults[name].join(" "));
  localStorage.setItem(storageKey, JSON.stringify(Object.fromEntries(own.map((name) => [name, keymap[name]]))));
}

interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

/** One name a key press: "Shift+ArrowLeft", "Shift+I", "?", "Space"; null for the browser's own chords. */
export function chordOf(press: KeyPress): string | null {
  if (press.ctrlKey || press.metaKey) return null;
  if (["Shift", "Alt", "Control", "Meta", "Dead"].includes(press.key)) return null;
  const letter = press.key.length === 1 && press.key.toLowerCase() !== press.key.toUpperCase();
  const plain = press.key === " " ? "Space" : letter ? (press.shiftKey ? press.key.toUpperCase() : press.key.toLowerCase()) : press.key;
  // Shift is part of the character in "?" and "<", and a modifier for letters and named keys.
  const shift = press.shiftKey && (letter || plain.length > 1);
  return `${press.altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${plain}`;
}

export function actionFor(press: KeyPress, keymap: Keymap): ActionName | null {
  const chord = chordOf(press);
  if (!chord) return null;
  return names.find((name) => keymap[name].includes(chord)) ?? null;
}

const shown: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

/** What is printed on a key cap. */
export function keyLabel(chord: string): string[] {
  return chord.split(/\+(?=.)/).map((part) => shown[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}
