import { DetailedError, defaultOptions, type PreviousUpload, Upload as Sending } from "tus-js-client";
import { failureFrom, messageOf, offline } from "../api/failure";
import { queryClient } from "../app/queries";
import { type Dropped, filesOf } from "./dropped";
import { Pace } from "./pace";
import { type Upload, uploadStore } from "./store";

const endpoint = "/api/uploads/tus";
const together = 3;
const heldBack =
  "A proxy before the server holds requests back until they are whole, so a broken one starts again from the beginning. It goes on in small pieces; ask for proxy_request_buffering off (nginx) there.";
const smallPieces = 8 << 20;

let next = 1;
const files = new Map<number, File>();
const sendings = new Map<number, Sending>();
const leftovers = new Map<number, PreviousUpload>();

const over = (upload: Upload) => upload.state === "done" || upload.state === "failed";
const blank = { sent: 0, speed: null, problem: null, notice: null, videoId: null, duplicateOf: [] };

/** Queues files; three travel at a time, so that one slow file does not hold up the rest. */
export function uploadFiles(chosen: readonly File[]): void {
  const fresh = chosen.map((file): Upload => {
    const id = next++;
    files.set(id, file);
    return { ...blank, id, name: file.name, size: file.size, state: "waiting" };
  });
  // Choosing a file again is how an upload from before a reload goes on.
  const again = (upload: Upload) => upload.state === "left" && fresh.some((one) => one.name === upload.name && one.size === upload.size);
  uploadStore.write([...uploadStore.read().filter((upload) => !again(upload)), ...fresh]);
  startWaiting();
}

export async function uploadDropped(dropped: readonly Dropped[]): Promise<void> {
  uploadFiles(await filesOf(dropped));
}

/** Shows what was begun before this page was loaded, so that nobody has to remember it. */
export async function findLeftovers(): Promise<void> {
  const known = uploadStore.read();
  for (const left of (await defaultOptions.urlStorage?.findAllUploads()) ?? []) {
    const name = left.metadata.filename ?? "a file";
    if (known.some((upload) => upload.name === name && upload.size === left.size)) continue;
    const id = next++;
    leftovers.set(id, left);
    uploadStore.write([...uploadStore.read(), { ...blank, id, name, size: left.size ?? 0, state: "left" }]);
  }
}

export function pauseUpload(id: number): void {
  const sending = sendings.get(id);
  sendings.delete(id);
  void sending?.abort();
  uploadStore.update(id, { state: "paused", speed: null });
  startWaiting();
}

export function resumeUpload(id: number): void {
  uploadStore.update(id, { state: "waiting", problem: null });
  startWaiting();
}

/** Takes it off the list; the server forgets what has come of it. */
export function cancelUpload(id: number): void {
  const upload = uploadStore.read().find((one) => one.id === id);
  const [file, left] = [files.get(id), leftovers.get(id)];
  void sendings.get(id)?.abort();
  if (left) void forget([left], true);
  else if (file && upload?.state !== "done") void new Sending(file, { endpoint }).findPreviousUploads().then((begun) => forget(begun, true));
  for (const kept of [sendings, files, leftovers]) kept.delete(id);
  uploadStore.write(uploadStore.read().filter((one) => one.id !== id));
  startWaiting();
}

export function clearFinished(): void {
  for (const upload of uploadStore.read()) if (over(upload)) files.delete(upload.id);
  uploadStore.write(uploadStore.read().filter((upload) => !over(upload)));
}

function startWaiting(): void {
  for (const upload of uploadStore.read()) {
    if (sendings.size >= together) return;
    const file = files.get(upload.id);
    if (upload.state === "waiting" && file) void send(upload, file);
  }
}

async function send(upload: Upload, file: File): Promise<void> {
  const { id } = upload;
  const pace = new Pace();
  const sending = new Sending(file, {
    endpoint,
    metadata: { filename: file.name, filetype: file.type },
    retryDelays: [0, 1000, 3000, 5000, 10_000, 20_000, 30_000],
    removeFingerprintOnSuccess: true,
    onProgress: (sent, size) =>
      uploadStore.update(id, { sent, speed: pace.at(sent, performance.now()), state: sent === size ? "finishing" : "sending" }),
    onAfterResponse: (_, response) => {
      if (response.getHeader("Upload-Notice") !== "held-back") return;
      sending.options.chunkSize = smallPieces;
      uploadStore.update(id, { notice: heldBack });
    },
    onSuccess: ({ lastResponse }) => {
      const others = lastResponse.getHeader("Upload-Duplicate-Of");
      uploadStore.update(id, {
        state: "done",
        sent: upload.size,
        speed: null,
        videoId: lastResponse.getHeader("Upload-Video") ?? null,
        duplicateOf: others ? others.split(" ") : [],
      });
      ended(id);
      void queryClient.invalidateQueries({ queryKey: ["videos"] });
    },
    onError: (error) => {
      uploadStore.update(id, { state: "failed", speed: null, problem: reason(error) });
      // No media: the server has forgotten it already. All else may go on, even after a reload.
      if (error instanceof DetailedError && error.originalResponse?.getStatus() === 415) void sending.findPreviousUploads().then((begun) => forget(begun, false));
      ended(id);
    },
  });
  sendings.set(id, sending);
  uploadStore.update(id, { state: "sending" });
  const [before] = await sending.findPreviousUploads();
  if (before) sending.resumeFromPreviousUpload(before);
  // It may have been paused or cancelled meanwhile.
  if (sendings.get(id) === sending) sending.start();
}

function ended(id: number): void {
  sendings.delete(id);
  startWaiting();
}

async function forget(begun: readonly PreviousUpload[], atServer: boolean): Promise<void> {
  for (const { urlStorageKey, uploadUrl } of begun) {
    await defaultOptions.urlStorage?.removeUpload(urlStorageKey);
    if (atServer && uploadUrl) await Sending.terminate(uploadUrl).catch(() => undefined);
  }
}

function reason(error: Error): string {
  const answer = error instanceof DetailedError ? error.originalResponse : null;
  if (!answer) return messageOf(error instanceof DetailedError ? offline() : error);
  let body: unknown = null;
  try {
    body = JSON.parse(answer.getBody());
  } catch {
    // A proxy's own page: the status has to do.
  }
  if (answer.getStatus() === 413 && body === null) {
    return "A proxy before the server refuses bodies of this length. In nginx: client_max_body_size 0.";
  }
  return messageOf(failureFrom(body, answer.getStatus()));
}
