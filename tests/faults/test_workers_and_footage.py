"""Real footage through `cutroom worker`s on PostgreSQL and Redis, one of them killed in the middle of the ladder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import BrokerSettings, DatabaseSettings, Settings, StorageSettings
from cutroom.bootstrap.shared_storage import mark
from cutroom.core.ids import new_id
from cutroom.jobs.models import JobState
from cutroom.library.models import Visibility
from cutroom.media.sample import make_footage
from tests.faults.houses import RedisServer
from tests.faults.test_jobs_survive import drop_database, new_database, whole

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.fault, pytest.mark.timeout(900), whole]


class Crew:
    """A leader as beside a server, and workers started by the command that people use."""

    def __init__(self, root: Path, url: str, broker: str) -> None:
        self.root = root
        self.started: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "CUTROOM_DATABASE_URL": url,
            "CUTROOM_BROKER_URL": broker,
            "CUTROOM_STORAGE_ROOT": str(root / "objects"),
        }

    def start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """One process with a data directory of its own."""
        command = [sys.executable, "-m", *words, "--data", str(self.root / name)]
        with (self.root / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self.environment, start_new_session=True, stdin=subprocess.DEVNULL
            )
        self.started.append(process)
        return process

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def test_a_worker_is_lost_in_the_middle_of_a_ladder(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis", aof=True)
    if server.missing:
        pytest.skip(server.missing)
    url = await new_database()
    server.start()
    settings = Settings(
        data=tmp_path / "server",
        database=DatabaseSettings(url=url),
        broker=BrokerSettings(url=server.url),
        storage=StorageSettings(root=str(tmp_path / "objects")),
    )
    cutroom = container.build(settings)
    crew = Crew(tmp_path, url, server.url)
    try:
        await container.start(cutroom)
        await mark(cutroom)
        crew.start("leader", "cutroom.worker")
        encoder = crew.start("encoder", "cutroom", "worker", "--queues", "encode", "--concurrency", "1")
        crew.start("rest", "cutroom", "worker", "--queues", "inspect,preview,io,check", "--concurrency", "2")
        await add(cutroom, tmp_path / "film.mp4")
        await until(cutroom, "proxy", lambda state, stage: state is JobState.RUNNING and stage is not None)
        encoder.kill()
        encoder.wait()
        crew.start("encoder", "cutroom", "worker", "--queues", "encode", "--concurrency", "1")
        for kind in ("proxy", "preview", "hash", "inspect", "check"):
            await until(cutroom, kind, lambda state, _: state is JobState.DONE)
        async with cutroom.database.read() as conn:
            (job,) = (await cutroom.jobs.list(conn, kind="proxy")).items
            outcomes = [attempt.outcome for attempt in await cutroom.jobs.attempts(conn, job.id)]
        assert outcomes == ["lost", "done"]
        assert len(list(tmp_path.glob("objects/**/attempt-*"))) == 1
        async with asyncio.timeout(120):  # the killed one's folder is found by the next round of tidying
            while list(tmp_path.glob("*/scratch/jobs/*")):
                await asyncio.sleep(0.5)
    finally:
        crew.end()
        await cutroom.database.close()
        server.stop()
        await drop_database(url)


async def add(cutroom: Cutroom, film: Path) -> None:
    """Put a film into the store and the library."""
    make_footage(film, seconds=60, rate=Fraction(25), width=426, height=240, kind="barcode", audio="tone", crf=40)
    video_id = new_id("vid")
    cutroom.store.adopt(f"originals/{video_id}/film.mp4", film)
    async with cutroom.database.transaction() as tx:
        await cutroom.library.add_stored(
            tx,
            video_id=video_id,
            key=f"originals/{video_id}/film.mp4",
            name="film.mp4",
            owner_id=None,
            visibility=Visibility.SHARED,
        )


async def until(
    cutroom: Cutroom,
    kind: str,
    test: Callable[[JobState, str | None], bool],
    seconds: float = 600,  # encoding steps back for everything else on the machine
) -> None:
    """Wait until there is a job of a kind, and it is as the test wants it."""
    async with asyncio.timeout(seconds):
        while True:
            async with cutroom.database.read() as conn:
                found = (await cutroom.jobs.list(conn, kind=kind)).items
            if found and test(found[0].state, found[0].stage):
                return
            await asyncio.sleep(0.05)
