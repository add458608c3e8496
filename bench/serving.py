"""CPU a request of `GET /api/videos?limit=20` against the same route through FastAPI, pydantic and an ORM, and against
an ASGI application that does nothing but send the same bytes.

All run on granian with one worker. Ours and the ORM's read the same SQLite database of 50,000 videos and check the same
bearer token. Counted is the CPU of the serving processes (the job runner beside ours is left out: the peers have none).
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psutil

from bench.harness import ROOT, Claim

VIDEOS = 50_000
REQUESTS = 500
UNCACHED, KEPT, UNCHANGED = "cutroom uncached", "cutroom kept", "cutroom unchanged"
ORM, RAW = "FastAPI + pydantic + SQLAlchemy ORM", "raw ASGI"
AS_TWO = {"Cookie": "bench=1"}
"""Who shows two credentials is never answered from the cache lane."""
SECRET = "ctr_benchbenchbenchbenchbenchbenchbenchbench"


def claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Time the list route of both servers in turn."""
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        data = Path(name)
        asyncio.run(_prepare(data))
        with _ours(data) as ours, _peer(data / "cutroom.db") as peer:
            _same_answer(ours, peer)
            etag, body = ours.kept()
            with _raw(data, body) as raw:
                return _measure(
                    {
                        UNCACHED: (ours, AS_TWO),
                        KEPT: (ours, {}),
                        UNCHANGED: (ours, {"If-None-Match": etag}),
                        ORM: (peer, {}),
                        RAW: (raw, {}),
                    },
                    rounds,
                    say,
                )


def _measure(
    contenders: dict[str, tuple[Server, dict[str, str]]], rounds: int, say: Callable[[str], None]
) -> list[Claim]:
    costs: dict[str, list[float]] = {label: [] for label in contenders}
    for server, headers in contenders.values():
        server.ask(50, headers)
    for number in range(1, rounds + 1):
        for label, (server, headers) in contenders.items():
            # The kernel counts CPU in hundredths of a second: the quick ones need many.
            cost = server.ask(REQUESTS if label in (UNCACHED, ORM) else REQUESTS * 20, headers)
            costs[label].append(cost * 1e6)
            say(f"round {number}/{rounds}  {label}: {cost * 1e6:.0f} µs CPU a request")
    return [
        _ratio("list of 20 of 50,000 videos, uncached", costs, UNCACHED, ORM, 0.25),
        _ratio("list of 20 of 50,000 videos, kept", costs, KEPT, ORM, round(1 / 35, 4)),
        _ratio("list of 20 of 50,000 videos, kept", costs, KEPT, RAW, 1.2),
        _ratio("list of 20 of 50,000 videos, unchanged (304)", costs, UNCHANGED, RAW, 1.0),
    ]


def _ratio(name: str, costs: dict[str, list[float]], mine: str, theirs: str, target: float) -> Claim:
    runs = [one / other for one, other in zip(costs[mine], costs[theirs], strict=True)]
    value = statistics.median(runs)
    ours, peers = statistics.median(costs[mine]), statistics.median(costs[theirs])
    return Claim(
        name=f"{name}, cpu / {theirs}",
        value=round(value, 4),
        unit="x (cpu)",
        target=f"<= {target}",
        held=value <= target,
        runs=[round(run, 4) for run in runs],
        peer=f"{theirs}, on granian",
        note=f"{ours:.0f} µs against {peers:.0f} µs a request, medians",
    )


class Server:
    """A running server, its port and its root process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server on port {self.port} did not come up")

    def get(self) -> dict[str, object]:
        """One answer, parsed."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            return json.loads(self._one(connection, {}))

    def kept(self) -> tuple[str, bytes]:
        """The validator of its answer, and the answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("GET", "/api/videos?limit=20", headers={"Authorization": f"Bearer {SECRET}"})
            answer = connection.getresponse()
            return answer.headers["ETag"], answer.read()

    def ask(self, count: int, headers: dict[str, str]) -> float:
        """CPU seconds a request over `count` requests on one connection."""
        before = self._cpu()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            for _ in range(count):
                self._one(connection, headers)
        return (self._cpu() - before) / count

    def _one(self, connection: http.client.HTTPConnection, headers: dict[str, str]) -> bytes:
        connection.request("GET", "/api/videos?limit=20", headers={"Authorization": f"Bearer {SECRET}", **headers})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != (304 if "If-None-Match" in headers else 200):
            raise RuntimeError(f"{answer.status}: {body[:200]!r}")
        return body

    def _cpu(self) -> float:
        total = 0.0
        for process in [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]:
            try:
                words = " ".join(process.cmdline())
                if "cutroom.worker" not in words and "cutroom.processes" not in words:
                    total += sum(process.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue
        return total


@contextmanager
def _started(command: list[str], port: int, environment: dict[str, str]) -> Iterator[Server]:
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = Server(process, port)
    try:
        server.wait()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)


def _ours(data: Path) -> AbstractContextManager[Server]:
    port = _free_port()
    command = [sys.executable, "-m", "cutroom", "serve", "--no-sample", "--port", str(port), "--data", str(data)]
    return _started(command, port, {})


def _peer(database: Path) -> AbstractContextManager[Server]:
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "bench.peers.orm_list:app"]
    return _started(command, port, {"BENCH_DATABASE": f"sqlite+aiosqlite:///{database}", "PYTHONPATH": str(ROOT)})


def _raw(data: Path, body: bytes) -> AbstractContextManager[Server]:
    (data / "body").write_bytes(body)
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "bench.peers.raw:app"]
    return _started(command, port, {"BENCH_BODY": str(data / "body"), "PYTHONPATH": str(ROOT)})


def _same_answer(ours: Server, peer: Server) -> None:
    """Both must say the same, or their costs cannot be compared."""
    mine, theirs = ours.get(), peer.get()
    if mine["items"] != theirs["items"] or mine["total"] != theirs["total"]:
        raise RuntimeError("the two servers answer differently")


async def _prepare(data: Path) -> None:
    """A database of this version with an account, its token and the videos."""
    from cutroom.db.engine import Database
    from cutroom.db.upgrade import upgrade

    path = data / "cutroom.db"
    database = Database(f"sqlite:///{path}")
    await upgrade(database, sqlite_path=path)
    await database.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        _fill(connection)


def _fill(connection: sqlite3.Connection) -> None:
    now = time.time_ns() // 1000
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    connection.execute(
        "INSERT INTO accounts (id, name, role, created_at) VALUES ('acc_b','bench','administrator',?)", [now]
    )
    connection.execute(
        "INSERT INTO tokens (id, account_id, name, secret_hash, created_at, last_used_at)"
        " VALUES ('tok_b', 'acc_b', 'b', ?, ?, ?)",
        [digest, now, now],
    )
    connection.executemany(
        "INSERT INTO assets (id, size_bytes, created_at) VALUES (?, 1000000, ?)",
        ((f"ast_{number:06d}", now) for number in range(VIDEOS)),
    )
    connection.executemany(
        "INSERT INTO videos (id, asset_id, owner_id, visibility, name, location_kind, location, size_bytes, mtime_ns,"
        " added_at, verdict, proxy_state, duration_num, duration_den, rate_num, rate_den, width, height)"
        " VALUES (?, ?, 'acc_b', 'shared', ?, 'reference', ?, 1000000, 0, ?, 'healthy', 'ready', 1001, 20, 30000, 1001,"
        " 1920, 1080)",
        (
            (f"vid_{n:06d}", f"ast_{n:06d}", f"take {n:06d}.mp4", f"/footage/{n}".encode(), now + n)
            for n in range(VIDEOS)
        ),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
