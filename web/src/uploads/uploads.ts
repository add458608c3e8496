import { Failure, failureFrom, messageOf, offline } from "../api/failure";
import type { VideoRow } from "../api/model";
import { queryClient } from "../app/queries";

export interface Upload {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly sent: number;
  readonly state: "waiting" | "sending" | "finishing" | "done" | "failed";
  readonly problem: string | null;
  readonly videoId: string | null;
}

const together = 2;
let uploads: readonly Upload[] = [];
let next = 1;
const files = new Map<number, File>();
const requests = new Map<number, XMLHttpRequest>();
const listeners = new Set<() => void>();

function change(to: readonly Upload[]): void {
  uploads = to;
  for (const listener of listeners) listener();
}

function update(id: number, part: Partial<Upload>): void {
  change(uploads.map((upload) => (upload.id === id ? { ...upload, ...part } : upload)));
}

export const uploadStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  read: (): readonly Upload[] => uploads,
};

/** Queues files; two travel at a time, so that one slow file does not hold up the rest. */
export function uploadFiles(chosen: readonly File[]): void {
  const fresh = chosen.map((file): Upload => {
    const id = next++;
    files.set(id, file);
    return { id, name: file.name, size: file.size, sent: 0, state: "waiting", problem: null, videoId: null };
  });
  change([...uploads, ...fresh]);
  startWaiting();
}

export function cancelUpload(id: number): void {
  requests.get(id)?.abort();
  requests.delete(id);
  files.delete(id);
  change(uploads.filter((upload) => upload.id !== id));
  startWaiting();
}

export function clearFinished(): void {
  change(uploads.filter((upload) => upload.state !== "done" && upload.state !== "failed"));
}

function startWaiting(): void {
  for (const upload of uploads) {
    if (requests.size >= together) return;
    if (upload.state === "waiting") void send(upload);
  }
}

async function send(upload: Upload): Promise<void> {
  update(upload.id, { state: "sending" });
  try {
    const video = await post(upload);
    update(upload.id, { state: "done", sent: upload.size, videoId: video.id });
    void queryClient.invalidateQueries({ queryKey: ["videos"] });
  } catch (error) {
    update(upload.id, { state: "failed", problem: messageOf(error) });
  } finally {
    requests.delete(upload.id);
    files.delete(upload.id);
    startWaiting();
  }
}

/** XMLHttpRequest, because fetch tells nobody how much of a body has left. */
function post(upload: Upload): Promise<VideoRow> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    requests.set(upload.id, request);
    request.open("POST", `/api/uploads?name=${encodeURIComponent(upload.name)}`);
    request.responseType = "json";
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = (event) => update(upload.id, { sent: event.loaded });
    request.upload.onload = () => update(upload.id, { state: "finishing" });
    request.onerror = () => reject(offline());
    request.onabort = () => reject(new Failure({ code: "upload.cancelled", message: "Cancelled." }, 0));
    request.onload = () =>
      request.status < 300 ? resolve(request.response as VideoRow) : reject(failureFrom(request.response, request.status));
    request.send(files.get(upload.id));
  });
}
