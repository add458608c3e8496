/// <reference lib="webworker" />
import { follow, type LiveMessage } from "./live";

/** One event stream for all tabs: HTTP/1.1 browsers open six connections a server, and segments need them. */
const scope = self as unknown as SharedWorkerGlobalScope;
const ports = new Set<MessagePort>();
let stop: (() => void) | null = null;
let open = false;

function tell(message: LiveMessage): void {
  if (message.type === "open" || message.type === "lost") open = message.type === "open";
  for (const port of ports) port.postMessage(message);
}

function leave(port: MessagePort): void {
  ports.delete(port);
  if (ports.size > 0) return;
  stop?.();
  stop = null;
  open = false;
}

scope.onconnect = (connection) => {
  const port = connection.ports[0];
  if (!port) return;
  port.onmessage = (message: MessageEvent<"open" | "close">) => {
    if (message.data === "close") return leave(port);
    ports.add(port);
    stop ??= follow(tell);
    // A tab that joins a running stream has missed nothing it has not just fetched.
    if (open) port.postMessage({ type: "open" } satisfies LiveMessage);
  };
};
