"""A fixed number of requests a second, whatever the answers take.

`python -m bench.openloop PORT RATE SECONDS PATH TOKEN`
A request's latency counts from the moment at which it was due, so that a server that stalls cannot hide it by keeping
the next ones from being sent. Prints one JSON object: seconds, sent, errors, and latencies in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque

CONNECTIONS = 64


class Client(asyncio.Protocol):
    """One kept-alive connection with one request under way at a time."""

    def __init__(self, pool: deque[Client], latencies: list[float]) -> None:
        self._pool = pool
        self._latencies = latencies
        self._due = 0.0
        self._left = -1  # bytes of the answer still to come; -1: its head is not complete
        self._head = b""
        self.errors = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._pool.append(self)

    def send(self, request: bytes, due: float) -> None:
        self._due, self._left, self._head = due, -1, b""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._head[:end].lower()
            length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
            self._left = length - (len(self._head) - end - 4)
            if not head.startswith(b"http/1.1 200"):
                self.errors += 1
        else:
            self._left -= len(data)
        if self._left <= 0:
            self._latencies.append(time.perf_counter() - self._due)
            self._pool.append(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self.errors += 1


async def pour(port: int, rate: int, seconds: float, path: str, token: str) -> dict[str, object]:
    """Send, wait for what is still under way, and sum up."""
    loop = asyncio.get_running_loop()
    pool: deque[Client] = deque()
    latencies: list[float] = []
    clients = []
    for _ in range(CONNECTIONS):
        _, client = await loop.create_connection(lambda: Client(pool, latencies), "127.0.0.1", port)
        clients.append(client)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    started, sent, total = time.perf_counter(), 0, int(rate * seconds)
    while sent < total:
        now = time.perf_counter()
        while sent < total and (due := started + sent / rate) <= now:
            if not pool:
                break  # all are under way: these are late already, and counted so
            pool.popleft().send(request, due)
            sent += 1
        await asyncio.sleep(0.0005)
    deadline = time.perf_counter() + 10
    while len(latencies) < sent and time.perf_counter() < deadline:  # noqa: ASYNC110 (it ends by itself)
        await asyncio.sleep(0.01)
    spent = time.perf_counter() - started
    ordered = sorted(one * 1000 for one in latencies)
    return {
        "seconds": round(spent, 2),
        "sent": sent,
        "errors": sum(client.errors for client in clients) + sent - len(latencies),
        "rate": round(sent / spent, 1),
        "mean": round(sum(ordered) / len(ordered), 3),
        **{f"p{share}": round(ordered[int(len(ordered) * share / 100)], 3) for share in (50, 95, 99)},
        "worst": round(ordered[-1], 3),
    }


if __name__ == "__main__":
    port, rate, seconds, path, token = sys.argv[1:]
    print(json.dumps(asyncio.run(pour(int(port), int(rate), float(seconds), path, token))))
