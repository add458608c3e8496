export interface Toast {
  readonly id: number;
  readonly tone: "ok" | "bad" | "info";
  readonly text: string;
  readonly link?: { readonly label: string; readonly to: string };
}

let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(to: readonly Toast[]): void {
  toasts = to;
  for (const listener of listeners) listener();
}

export function dismiss(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

/** Says something that needs no answer; errors stay longer because they are read, not glanced at. */
export function toast(tone: Toast["tone"], text: string, link?: Toast["link"]): void {
  const id = next++;
  change([...toasts.slice(-3), { id, tone, text, link }]);
  setTimeout(() => dismiss(id), tone === "bad" ? 10_000 : 4_000);
}

export const toastStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  read: (): readonly Toast[] => toasts,
};
