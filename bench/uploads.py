"""A 500 MB upload into Cutroom against a body streamed to a file, FastAPI's UploadFile, and tuspyserver.

All on granian with one worker, one connection on loopback, the file flushed to the disk before the answer
(tuspyserver does not flush). Counted are the time that the client waits, the CPU of the serving process, and how its
memory grows.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy import insert

from bench.harness import ROOT, Claim, cutroom
from cutroom.accounts.tables import accounts, tokens
from cutroom.bootstrap import container
from cutroom.bootstrap.settings import Settings

BYTES = 500_000_000
PIECE = 256 << 10
HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
SECRET = "ctr_benchbenchbenchbenchbenchbenchbenchbench"
TUS = {"Tus-Resumable": "1.0.0"}
OURS, RAW, FORM, PEER = "cutroom tus", "raw stream to file", "FastAPI UploadFile", "tuspyserver"


@dataclass
class Way:
    """One way to send the bytes, and what each round of it took."""

    name: str
    send: Callable[[], None]
    server: psutil.Process
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # seconds a GB
    growth: list[float] = field(default_factory=list)  # MB over what it had before


def upload_claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Send the file in every way, in turn."""
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name, _servers(Path(name)) as ways:
        for way in ways:
            way.send()  # once to warm up, uncounted
        for number in range(1, rounds + 1):
            for way in ways:
                _once(way)
                say(
                    f"round {number}/{rounds}  {way.name}: {way.wall[-1]:.2f} s wall, {way.cpu[-1]:.2f} CPU s/GB, "
                    f"memory +{way.growth[-1]:.0f} MB"
                )
        return _claims({way.name: way for way in ways})


def _once(way: Way) -> None:
    before, memory = sum(way.server.cpu_times()[:2]), way.server.memory_info().rss
    with _peak(way.server) as peak:
        started = time.monotonic()
        way.send()
        way.wall.append(time.monotonic() - started)
    way.cpu.append((sum(way.server.cpu_times()[:2]) - before) / BYTES * 1e9)
    way.growth.append(max(0.0, (peak[0] - memory) / 1e6))


def _claims(ways: dict[str, Way]) -> list[Claim]:
    found = []
    ours = ways[OURS]
    for name, target in ((RAW, 0.8), (FORM, None), (PEER, None)):
        runs = [theirs / mine for mine, theirs in zip(ours.wall, ways[name].wall, strict=True)]
        value = statistics.median(runs)
        found.append(
            Claim(
                name=f"500 MB upload, speed / {name}",
                value=round(value, 3),
                unit="x (wall)",
                target="" if target is None else f">= {target}",
                held=None if target is None else value >= target,
                runs=[round(run, 3) for run in runs],
                peer=name,
                note=f"{statistics.median(ours.wall):.2f} s against {statistics.median(ways[name].wall):.2f} s",
            )
        )
    found += [_plain(f"500 MB upload, CPU of {way.name}", way.cpu, "s/GB", None) for way in ways.values()]
    found.append(_plain("500 MB upload, memory growth", ours.growth, "MB", 16))
    return found


def _plain(name: str, runs: list[float], unit: str, most: float | None) -> Claim:
    value = statistics.median(runs)
    return Claim(
        name=name,
        value=round(value, 2),
        unit=unit,
        target="" if most is None else f"<= {most}",
        held=None if most is None else value <= most,
        runs=[round(run, 2) for run in runs],
        peer="",
    )


@contextmanager
def _servers(folder: Path) -> Iterator[list[Way]]:
    (folder / "peers").mkdir()
    with (
        _served(folder / "data") as (port, ours),
        _peer("raw", folder / "peers") as (raw_port, raw),
        _peer("upload_file", folder / "peers") as (form_port, form),
        _peer("tuspyserver", folder / "peers") as (peer_port, peer),
    ):
        asked = {"Authorization": f"Bearer {SECRET}"}
        yield [
            Way(OURS, lambda: _clean(folder, lambda: _tus(port, "/api/uploads/tus", asked)), ours),
            Way(RAW, lambda: _clean(folder, lambda: _put(raw_port, "POST", "/", {}, b"", b"")), raw),
            Way(FORM, lambda: _clean(folder, lambda: _form(form_port)), form),
            Way(PEER, lambda: _clean(folder, lambda: _tus(peer_port, "/files/", {})), peer),
        ]


def _clean(folder: Path, send: Callable[[], None]) -> None:
    """Send, and remove what was stored, so that the disk does not fill with copies."""
    send()
    for path in [*(folder / "peers").rglob("*"), *(folder / "data/objects").rglob("*")]:
        if path.is_file():
            path.unlink()


def _tus(port: int, where: str, headers: dict[str, str]) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=300)) as connection:
        asked = {**TUS, **headers, "Upload-Length": str(BYTES), "Upload-Metadata": "filename YS5tcDQ=,name YS5tcDQ="}
        connection.request("POST", where, headers=asked)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{where}: {answer.status}")
    place = urlsplit(answer.headers["Location"]).path
    _put(
        port, "PATCH", place, {**TUS, **headers, "Upload-Offset": "0"}, b"", b"", kind="application/offset+octet-stream"
    )


def _form(port: int) -> None:
    before = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    _put(port, "POST", "/", {}, before, b"\r\n--b--\r\n", kind="multipart/form-data; boundary=b")


def _put(
    port: int,
    method: str,
    path: str,
    headers: dict[str, str],
    before: bytes,
    after: bytes,
    *,
    kind: str = "application/octet-stream",
) -> None:
    """Send the file's bytes, made up as they go, and wait for the answer."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Type: {kind}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(before) + BYTES + len(after)}", "Connection: close", "", ""]
    piece = os.urandom(PIECE)
    with closing(socket.create_connection(("127.0.0.1", port), timeout=300)) as connection:
        connection.sendall("\r\n".join(lines).encode() + before + HEAD)
        left = BYTES - len(HEAD)
        while left:
            connection.sendall(piece[: min(left, PIECE)])
            left -= min(left, PIECE)
        connection.sendall(after)
        status = connection.recv(4096).split(b" ", 2)[1]
        if not status.startswith(b"2"):
            raise RuntimeError(f"{method} {path}: {status.decode()}")


@contextmanager
def _peer(name: str, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    port = _free_port()
    factory = [] if name == "raw" else ["--factory"]
    command = [sys.executable, "-m", "granian", "--interface", "asginl" if name == "raw" else "asgi", *factory]
    command += ["--port", str(port), f"bench.peers.uploads:{name}"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "BENCH_FOLDER": str(folder), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield port, _worker(process, port)
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _served(data: Path) -> Iterator[tuple[int, psutil.Process]]:
    """`cutroom serve` with one editor, whose token is known."""
    asyncio.run(_prepare(data))
    port = _free_port()
    command = [*cutroom("serve", "--no-sample", "--port", port, "--data", data)]
    process = subprocess.Popen(
        [str(word) for word in command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port, process)
        yield port, _worker(process, port)
    finally:
        process.terminate()
        process.wait(timeout=30)


async def _prepare(data: Path) -> None:
    """A data directory with an account and its token, and no job that would inspect what comes."""
    settings = Settings(data=data)
    made = container.build(settings)
    await container.start(made)
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    async with made.database.transaction() as tx:
        await tx.conn.execute(insert(accounts).values(id="acc_b", name="bench", role="editor", created_at=1))
        await tx.conn.execute(
            insert(tokens).values(id="tok_b", account_id="acc_b", name="b", secret_hash=digest, created_at=1)
        )
    await made.database.close()


def _worker(process: subprocess.Popen[bytes], port: int) -> psutil.Process:
    """The process that answers, beside granian's that only watches over it."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for child in psutil.Process(process.pid).children():
            if any(one.laddr.port == port for one in child.net_connections("tcp")):
                return child
        time.sleep(0.1)
    raise RuntimeError(f"nobody listens on port {port}")


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server on port {port} did not come up")


@contextmanager
def _peak(server: psutil.Process) -> Iterator[list[int]]:
    """The most memory that a process had meanwhile, in bytes; looked at every 20 ms."""
    most, over = [server.memory_info().rss], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], server.memory_info().rss)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
