/// <reference lib="webworker" />
import { type LiveMessage, topics } from "./live";

/** One event stream for all tabs: HTTP/1.1 browsers open six connections a server, and segments need them. */
const scope = self as unknown as SharedWorkerGlobalScope;
const ports = new Set<MessagePort>();
let stream: EventSource | null = null;

function tell(message: LiveMessage): void {
  for (const port of ports) port.postMessage(message);
}

function open(): void {
  if (stream && stream.readyState !== EventSource.CLOSED) return;
  stream = new EventSource("/api/events");
  stream.onopen = () => tell({ type: "open" });
  stream.onerror = () => tell({ type: "lost" });
  for (const topic of topics) {
    stream.addEventListener(topic, (event: MessageEvent<string>) => tell({ type: "event", topic, data: event.data }));
  }
}

function close(port: MessagePort): void {
  ports.delete(port);
  if (ports.size > 0) return;
  stream?.close();
  stream = null;
}

scope.onconnect = (connection) => {
  const port = connection.ports[0];
  if (!port) return;
  port.onmessage = (message: MessageEvent<"open" | "close">) => {
    if (message.data === "close") return close(port);
    ports.add(port);
    open();
    // A tab that joins a running stream has missed nothing it has not just fetched.
    if (stream?.readyState === EventSource.OPEN) port.postMessage({ type: "open" } satisfies LiveMessage);
  };
};
