"""Servers that benches start for themselves on free loopback ports, and stop."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.harness import ROOT

NO_LIMITS = {
    "CUTROOM_LIMITS_ACCOUNT": "1000000",
    "CUTROOM_LIMITS_ACCOUNT_BURST": "1000000",
    "CUTROOM_LIMITS_ADDRESS": "1000000",
    "CUTROOM_LIMITS_ADDRESS_BURST": "1000000",
}
"""Limits that are counted like any other and never reached."""


class Server:
    """A running server, its port and its root process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def wait(self) -> None:
        """Until the port answers."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server on port {self.port} did not come up")

    def processes(self) -> list[psutil.Process]:
        """The serving processes: the job runner beside ours is left out, for the peers have none."""
        found = []
        for process in [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]:
            try:
                words = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            if "cutroom.worker" not in words and "cutroom.processes" not in words:
                found.append(process)
        return found

    def cpu(self) -> float:
        """CPU seconds of the serving processes so far."""
        total = 0.0
        for process in self.processes():
            try:
                total += sum(process.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue
        return total


@contextmanager
def started(command: Sequence[object], port: int, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """A server for the block."""
    words = [str(word) for word in command]
    env = {**os.environ, **(environment or {})}
    process = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(process, port)
    try:
        server.wait()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def ours(data: Path, *arguments: str, **settings: str) -> Iterator[Server]:
    """`cutroom serve` on a data directory."""
    port = free_port()
    command = [sys.executable, "-m", "cutroom", "serve", "--no-sample", "--port", port, "--data", data, *arguments]
    with started(command, port, {**NO_LIMITS, **settings}) as server:
        yield server


@contextmanager
def granian(application: str, **environment: str) -> Iterator[Server]:
    """An ASGI application on granian with one worker, as ours has."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", port, application]
    with started(command, port, {"PYTHONPATH": str(ROOT), **environment}) as server:
        yield server


@contextmanager
def redis() -> Iterator[str]:
    """An empty Redis that writes nothing to the disk; its URL."""
    if shutil.which("redis-server") is None:
        raise RuntimeError("redis-server is missing. Run: apt-get install redis-server")
    port, folder = free_port(), tempfile.mkdtemp(prefix="cutroom-bench-redis-")
    command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    try:
        with started(command, port):
            yield f"redis://127.0.0.1:{port}/0"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str]:
    """A throw-away PostgreSQL by `scripts/services`; its URL. One that the caller named is taken instead."""
    if url := os.environ.get("CUTROOM_TEST_POSTGRES_URL"):
        yield url
        return
    services = [sys.executable, str(ROOT / "scripts" / "services")]
    done = subprocess.run([*services, "up", "postgres"], capture_output=True, text=True, check=True)
    try:
        yield next(line.partition("=")[2] for line in done.stdout.splitlines() if "POSTGRES" in line)
    finally:
        subprocess.run([*services, "down", "postgres"], capture_output=True, check=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
