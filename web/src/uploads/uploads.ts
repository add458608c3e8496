import { Failure, failureFrom, messageOf, offline } from "../api/failure";
import type { VideoRow } from "../api/model";
import { queryClient } from "../app/queries";
import { type Upload, uploadStore } from "./store";

const together = 2;
let next = 1;
const files = new Map<number, File>();
const requests = new Map<number, XMLHttpRequest>();

/** Queues files; two travel at a time, so that one slow file does not hold up the rest. */
export function uploadFiles(chosen: readonly File[]): void {
  const fresh = chosen.map((file): Upload => {
    const id = next++;
    files.set(id, file);
    return { id, name: file.name, size: file.size, sent: 0, state: "waiting", problem: null, videoId: null };
  });
  uploadStore.write([...uploadStore.read(), ...fresh]);
  startWaiting();
}

export function cancelUpload(id: number): void {
  requests.get(id)?.abort();
  requests.delete(id);
  files.delete(id);
  uploadStore.write(uploadStore.read().filter((upload) => upload.id !== id));
  startWaiting();
}

export function clearFinished(): void {
  uploadStore.write(uploadStore.read().filter((upload) => upload.state !== "done" && upload.state !== "failed"));
}

function startWaiting(): void {
  for (const upload of uploadStore.read()) {
    if (requests.size >= together) return;
    if (upload.state === "waiting") void send(upload);
  }
}

async function send(upload: Upload): Promise<void> {
  uploadStore.update(upload.id, { state: "sending" });
  try {
    const video = await post(upload);
    uploadStore.update(upload.id, { state: "done", sent: upload.size, videoId: video.id });
    void queryClient.invalidateQueries({ queryKey: ["videos"] });
  } catch (error) {
    uploadStore.update(upload.id, { state: "failed", problem: messageOf(error) });
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
    request.upload.onprogress = (event) => uploadStore.update(upload.id, { sent: event.loaded });
    request.upload.onload = () => uploadStore.update(upload.id, { state: "finishing" });
    request.onerror = () => reject(offline());
    request.onabort = () => reject(new Failure({ code: "upload.cancelled", message: "Cancelled." }, 0));
    request.onload = () =>
      request.status < 300 ? resolve(request.response as VideoRow) : reject(failureFrom(request.response, request.status));
    request.send(files.get(upload.id));
  });
}
