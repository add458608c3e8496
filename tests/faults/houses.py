"""The same house on one machine and on many: processes that may be killed, and what must be true afterwards."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from cutroom.bootstrap.broker import Broker
from cutroom.jobs.models import JobState
from tests.faults.conftest import Room, is_alive
from tests.faults.supervise import QUEUE
from tests.local_programs import free_port, wait_for_port

LINES = 10


class Embedded(Room):
    """`cutroom serve` with nothing else: a server that keeps a supervisor beside itself."""

    engine = "embedded"
    victims = ("worker", "server", "child")

    def open(self, **more: Any) -> None:
        """Start everything."""
        self.more = more
        self.serve(**more)

    def pids(self, victim: str) -> list[int]:
        """The processes that play a part."""
        if victim == "child":
            return self.children()
        wanted = "tests.faults.serve" if victim == "server" else "tests.faults.supervise"
        return [pid for pid in processes_with(str(self.scratch)) if wanted in command_of(pid)]

    async def kill(self, victim: str) -> None:
        """SIGKILL to one of them, and what a service manager would start again."""
        for pid in self.pids(victim)[:1]:
            kill(pid)
        if victim == "server":
            self.serve(**self.more)

    async def freeze(self) -> list[int]:
        """Stop the supervisor in its tracks, and let another one take over, as if this one hung on another machine."""
        frozen = self.pids("worker")
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        self.supervise(locked=False, **self.more)
        return frozen

    async def in_order(self, ids: list[str], seconds: float = 60.0) -> None:
        """Every job is done, published once and whole; nothing is left over, nobody is orphaned."""
        for job_id in ids:
            job = await self.over(job_id, seconds)
            assert job.state is JobState.DONE, f"{job}\n{self.log.read_text()[-4000:]}"
            assert len(self.published_lines(job.subject)) == 1, job
            assert (self.published / job.subject).read_text().count("\n") == LINES
            assert (await self.history(job_id)).count("done") == 1
        end = time.monotonic() + 10
        while left := [path for path in self.scratch.glob("jobs/*/*") if path.exists()]:
            assert time.monotonic() < end, left
            await asyncio.sleep(0.05)
        while orphans := [pid for pid in self.children() if parent_of(pid) == 1]:
            assert time.monotonic() < end, orphans
            await asyncio.sleep(0.05)


class Cluster(Embedded):
    """A leader beside the server, and two workers, in process trees of their own; PostgreSQL and a broker."""

    def __init__(self, root: Path, url: str, broker: Any) -> None:
        super().__init__(root, url)
        self.server = broker
        self.engine = broker.name

    def open(self, **more: Any) -> None:
        self.more = {"broker": self.server.url, **more}
        self._start("tests.faults.supervise", ["lead", self.house(**self.more)])
        self.hire()
        self.hire()

    def hire(self) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        return self._start("tests.faults.supervise", ["work", self.house(**self.more)])

    def pids(self, victim: str) -> list[int]:
        if victim == "child":
            return self.children()
        role = "lead" if victim == "server" else "work"
        found = [pid for pid in processes_with(str(self.scratch)) if role in command_of(pid).split("\0")]
        busy = {parent_of(pid) for pid in self.children() if state_of(pid) in "RS"}
        return sorted(found, key=lambda pid: pid not in busy)

    async def kill(self, victim: str) -> None:
        for pid in self.pids(victim)[:1]:
            kill(pid)
        if victim == "server":
            self._start("tests.faults.supervise", ["lead", self.house(**self.more)])
        elif victim == "worker":
            self.hire()

    async def freeze(self) -> list[int]:
        frozen = self.pids("worker")
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        self.hire()
        return frozen

    def deliver(self, job_id: str, times: int) -> None:  # type: ignore[override]
        """Put a job's message into the broker so many times."""
        broker = Broker(self.server.url)
        broker.send(QUEUE, [job_id] * times)
        broker.close()


class RedisServer:
    """A broker of the test's own: `noeviction`, and with `aof` every write on the disk before it is answered."""

    name = "celery-redis"

    def __init__(self, folder: Path, *, aof: bool) -> None:
        self.folder, self.port, self.aof = folder, free_port(), aof
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir()

    @property
    def missing(self) -> str | None:
        return None if shutil.which("redis-server") else "Redis is missing; run: apt-get install redis-server"

    def start(self) -> None:
        """Start it, on what it has kept."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        options += ["--maxmemory-policy", "noeviction", "--appendonly", "yes" if self.aof else "no"]
        options += ["--appendfsync", "always"]
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(["redis-server", *options], stdout=log, stderr=log, start_new_session=True)
        log.close()
        wait_for_port(self.port)

    def crash(self) -> None:
        """`kill -9`."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it."""
        self.crash()

    def flush(self) -> None:
        """FLUSHALL."""
        subprocess.run(["redis-cli", "-p", str(self.port), "FLUSHALL"], check=True, stdout=subprocess.DEVNULL)


def processes_with(word: str) -> list[int]:
    """Living processes that have a word in their command line, the oldest first."""
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return sorted(pid for pid in found if is_alive(pid) and word in command_of(pid))


def command_of(pid: int) -> str:
    """A process's command line, its words ended by NUL."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def parent_of(pid: int) -> int:
    """A process's parent; 0 when it has gone."""
    return int(_stat(pid)[1])


def state_of(pid: int) -> str:
    """R, S, T, Z …; X when it has gone."""
    return _stat(pid)[0]


def kill(pid: int) -> None:
    """`kill -9`, also of what has gone meanwhile."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["X", "0"]
