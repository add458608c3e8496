"""A data directory with a job table, and supervisors as processes that tests may kill."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cutroom.db.engine import Database
from cutroom.jobs.models import Job
from cutroom.jobs.service import JobService
from tests.databases import copy_sqlite
from tests.faults.supervise import House, kinds

ROOT = Path(__file__).parents[2]


class Room:
    """A data directory and what runs in it."""

    def __init__(self, root: Path, url: str = "") -> None:
        self.scratch, self.published = root / "scratch", root / "published"
        self.lock = root / "supervisor.lock"
        self.log = root / "log.txt"
        self.jump = root / "jump"
        self.url = url or f"sqlite:///{root}/cutroom.db"
        if not url:
            copy_sqlite(root / "cutroom.db")
        self.database = Database(self.url)
        self.jobs = JobService(self.database, kinds(self.published).values())
        self.processes: list[subprocess.Popen[bytes]] = []
        for folder in (self.scratch, self.published):
            folder.mkdir()

    def house(self, **more: Any) -> str:
        """What the processes are told, as JSON."""
        places = {"scratch": str(self.scratch), "published": str(self.published), "jump": str(self.jump)}
        return msgspec.json.encode(House(url=self.url, **places, **more)).decode()

    def serve(self, **more: Any) -> subprocess.Popen[bytes]:
        """Start what stands in for the server: it keeps a supervisor beside itself."""
        return self._start("tests.faults.serve", ["supervise", self.house(lock=str(self.lock), **more)])

    def supervise(self, *, lease: float = 2.0, locked: bool = True, **more: Any) -> subprocess.Popen[bytes]:
        """Start a supervisor; its standard input stays open until the test closes it."""
        lock = str(self.lock) if locked else None
        return self._start("tests.faults.supervise", ["supervise", self.house(lease=lease, lock=lock, **more)])

    def deliver(self) -> subprocess.Popen[bytes]:
        """Start a loop that delivers webhooks."""
        return self._start("tests.faults.deliver", [self.url])

    def _start(self, module: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    async def enqueue(self, kind: str, subject: str = "vid_1", **payload: Any) -> str:
        async with self.database.transaction() as tx:
            return await self.jobs.enqueue(tx, kind=kind, payload=payload, subject=subject, title=f"{kind} {subject}")

    async def job(self, job_id: str) -> Job:
        async with self.database.read() as conn:
            return await self.jobs.get(conn, job_id)

    async def until(self, job_id: str, test: Callable[[Job], bool], seconds: float = 60.0) -> Job:
        """Wait for a job to be as the test wants it."""
        end = time.monotonic() + seconds
        while not test(job := await self.job(job_id)):
            assert time.monotonic() < end, f"{job}\n{self.log.read_text()}"
            await asyncio.sleep(0.02)
        return job

    async def history(self, job_id: str) -> list[str]:
        """How the job's attempts ended, in order."""
        async with self.database.read() as conn:
            return [str(attempt.outcome) for attempt in await self.jobs.attempts(conn, job_id)]

    async def over(self, job_id: str, seconds: float = 60.0) -> Job:
        return await self.until(job_id, lambda job: job.state.over, seconds)

    def published_lines(self, subject: str) -> list[str]:
        """One line for each time that this subject's output was published."""
        file = self.published / f"{subject}.log"
        return file.read_text().splitlines() if file.exists() else []

    def children(self) -> list[int]:
        """Living bounded children and what they started, of this room only."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and is_alive(int(entry.name)):
                try:
                    environment = (entry / "environ").read_bytes()
                except OSError:
                    continue
                if b"CUTROOM_CHILD=1" in environment and f"XDG_ROOM={self.scratch}".encode() in environment:
                    found.append(int(entry.name))
        return found


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    made = Room(tmp_path)
    monkeypatch.setenv("XDG_ROOM", str(made.scratch))
    yield made
    for process in made.processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
    await made.database.close()
