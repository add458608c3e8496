import { describe, expect, it } from "vitest";
import { actionFor, actions, chordOf, defaultKeymap, keyLabel, mergeKeymap } from "./bindings";

const press = (key: string, held: Partial<Record<"shiftKey" | "altKey" | "ctrlKey" | "metaKey", boolean>> = {}) => ({
  key,
  shiftKey: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  ...held,
});

describe("keys", () => {
  it("names a press once, whatever is held", () => {
    expect(chordOf(press(" "))).toBe("Space");
    expect(chordOf(press("I", { shiftKey: true }))).toBe("Shift+I");
    expect(chordOf(press("I"))).toBe("i");
    expect(chordOf(press("?", { shiftKey: true }))).toBe("?");
    expect(chordOf(press("ArrowLeft", { altKey: true }))).toBe("Alt+ArrowLeft");
    expect(chordOf(press("r", { ctrlKey: true }))).toBeNull();
    expect(chordOf(press("Shift", { shiftKey: true }))).toBeNull();
  });

  it("finds the action of the table", () => {
    const keymap = defaultKeymap();
    expect(actionFor(press("i"), keymap)).toBe("markIn");
    expect(actionFor(press("I", { shiftKey: true }), keymap)).toBe("toIn");
    expect(actionFor(press(","), keymap)).toBe("frameBack");
    expect(actionFor(press("ArrowRight", { shiftKey: true }), keymap)).toBe("secondOn");
    expect(actionFor(press("q"), keymap)).toBeNull();
  });

  it("gives no key two meanings", () => {
    const all = Object.values(actions).flatMap((keys) => [...keys] as string[]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("takes a person's own keys and ignores nonsense", () => {
    const keymap = mergeKeymap({ markIn: ["q"], nothing: ["z"], markOut: 5 });
    expect(keymap.markIn).toEqual(["q"]);
    expect(keymap.markOut).toEqual(["o"]);
    expect("nothing" in keymap).toBe(false);
  });

  it("prints key caps", () => {
    expect(keyLabel("Shift+ArrowLeft")).toEqual(["Shift", "←"]);
    expect(keyLabel("i")).toEqual(["I"]);
  });
});
