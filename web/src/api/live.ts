const topics = ["video.changed", "job.changed", "clip.changed", "scan.changed"] as const;
export type Topic = (typeof topics)[number];
export type LiveMessage =
  | { type: "open" }
  | { type: "lost" }
  /** Whatever happened before this moment may have been missed. */
  | { type: "reset" }
  | { type: "event"; topic: Topic; data: string };

type Listener = (message: LiveMessage) => void;

/** Reads the event stream until the returned function is called; one that the server refused is tried again. */
export function follow(listener: Listener): () => void {
  let stream: EventSource;
  let timer: ReturnType<typeof setTimeout>;
  const open = (again: boolean) => {
    stream = new EventSource("/api/events");
    stream.onopen = () => listener({ type: "open" });
    stream.onerror = () => {
      listener({ type: "lost" });
      if (stream.readyState === EventSource.CLOSED) timer = setTimeout(open, 5000, true);
    };
    if (again) stream.addEventListener("ready", () => listener({ type: "reset" }));
    stream.addEventListener("reset", () => listener({ type: "reset" }));
    for (const topic of topics) {
      stream.addEventListener(topic, (event: MessageEvent<string>) => listener({ type: "event", topic, data: event.data }));
    }
  };
  open(false);
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}

/** Follows the server's announcements through the worker that all tabs share, or alone where there is none. */
export function listen(listener: Listener): () => void {
  if (typeof SharedWorker === "undefined") return follow(listener);
  const { port } = new SharedWorker(new URL("./live.worker.ts", import.meta.url), { type: "module", name: "cutroom-live" });
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
