import { useEffect, useRef, useSyncExternalStore } from "react";
import { type ActionName, actionFor, type Keymap, readKeymap, writeKeymap } from "./bindings";

export type Handlers = Partial<Record<ActionName, () => void>>;

let keymap: Keymap | null = null;
const listeners = new Set<() => void>();

function currentKeymap(): Keymap {
  keymap ??= readKeymap();
  return keymap;
}

export function changeKeymap(next: Keymap): void {
  keymap = next;
  writeKeymap(next);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useKeymap(): Keymap {
  return useSyncExternalStore(subscribe, currentKeymap);
}

/** A text field keeps its letters, a focused button its Space, an open dialog everything. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  if (document.querySelector("dialog[open]")) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("[role=menu]")) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "range", "button"].includes(target.type);
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return event.key === " " && target.closest("button, a, summary") !== null;
}

/** Runs `handlers` for the keys of the page while its component is mounted. */
export function useKeys(handlers: Handlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || belongsElsewhere(event)) return;
      const name = actionFor(event, currentKeymap());
      const handler = name && latest.current[name];
      if (!handler) return;
      event.preventDefault();
      handler();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
