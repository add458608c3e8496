export interface Upload {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly sent: number;
  /** left: begun before the page was loaded; its file has to be chosen again. */
  readonly state: "waiting" | "sending" | "paused" | "finishing" | "done" | "failed" | "left";
  /** Bytes a second, lately. */
  readonly speed: number | null;
  readonly problem: string | null;
  /** Something worth knowing that stops nothing. */
  readonly notice: string | null;
  readonly videoId: string | null;
  readonly duplicateOf: readonly string[];
}

let uploads: readonly Upload[] = [];
const listeners = new Set<() => void>();

/** What is being uploaded, for whoever shows it. */
export const uploadStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  read: (): readonly Upload[] => uploads,
  write(next: readonly Upload[]): void {
    uploads = next;
    for (const listener of listeners) listener();
  },
  update(id: number, part: Partial<Upload>): void {
    uploadStore.write(uploads.map((upload) => (upload.id === id ? { ...upload, ...part } : upload)));
  },
};
