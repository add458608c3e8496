export const topics = ["video.changed", "job.changed", "clip.changed"] as const;
export type Topic = (typeof topics)[number];
export type LiveMessage = { type: "open" } | { type: "lost" } | { type: "event"; topic: Topic; data: string };

type Listener = (message: LiveMessage) => void;

function listenShared(listener: Listener): () => void {
  const worker = new SharedWorker(new URL("./live.worker.ts", import.meta.url), { type: "module", name: "cutroom-live" });
  const { port } = worker;
  port.onmessage = (message: MessageEvent<LiveMessage>) => listener(message.data);
  const open = () => port.postMessage("open");
  const close = () => port.postMessage("close");
  open();
  // A page that goes away says so, or the worker would count it for ever; one that comes back says that too.
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  return () => {
    window.removeEventListener("pagehide", close);
    window.removeEventListener("pageshow", open);
    close();
    port.close();
  };
}

function listenAlone(listener: Listener): () => void {
  const stream = new EventSource("/api/events");
  stream.onopen = () => listener({ type: "open" });
  stream.onerror = () => listener({ type: "lost" });
  for (const topic of topics) {
    stream.addEventListener(topic, (event: MessageEvent<string>) => listener({ type: "event", topic, data: event.data }));
  }
  return () => stream.close();
}

/** Follows the server's announcements until the returned function is called. */
export function listen(listener: Listener): () => void {
  return typeof SharedWorker === "undefined" ? listenAlone(listener) : listenShared(listener);
}
