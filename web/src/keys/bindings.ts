/** Every key the app knows; what each does is said in names.ts, which is loaded to be read. */
export const actions = {
  playPause: ["Space"],
  stop: ["k"],
  shuttleBack: ["j"],
  shuttleOn: ["l"],
  playMarked: ["Shift+Space"],
  mute: ["m"],
  subtitles: ["c"],
  frameBack: ["ArrowLeft", ","],
  frameOn: ["ArrowRight", "."],
  secondBack: ["Shift+ArrowLeft"],
  secondOn: ["Shift+ArrowRight"],
  keyframeBack: ["Alt+ArrowLeft"],
  keyframeOn: ["Alt+ArrowRight"],
  first: ["Home"],
  last: ["End"],
  previousEdit: ["ArrowUp"],
  nextEdit: ["ArrowDown"],
  goTo: ["g"],
  markIn: ["i"],
  markOut: ["o"],
  toIn: ["Shift+I"],
  toOut: ["Shift+O"],
  clearMarks: ["x"],
  exportClip: ["e"],
  nextDamage: ["d"],
  previousDamage: ["Shift+D"],
  nextStatus: ["s"],
  previousStatus: ["Shift+S"],
  newScan: ["n"],
  search: ["/"],
  help: ["?"],
} as const satisfies Record<string, readonly string[]>;

export type ActionName = keyof typeof actions;
export type Keymap = Readonly<Record<ActionName, readonly string[]>>;

const names = Object.keys(actions) as ActionName[];
const storageKey = "cutroom.keys";

export function defaultKeymap(): Keymap {
  return Object.fromEntries(names.map((name) => [name, actions[name]])) as unknown as Keymap;
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
