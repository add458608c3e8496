"""A long encode on two workers in process trees of their own, one of which is killed midway."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import DatabaseSettings, MediaSettings, Settings
from cutroom.db.connect import async_url
from cutroom.jobs.models import Job, JobState
from cutroom.jobs.tables import job_attempts
from cutroom.media.sample import make_footage
from tests.faults.test_jobs_survive import whole

ROOT = Path(__file__).parents[2]
POSTGRES = os.environ.get("CUTROOM_TEST_POSTGRES_URL", "")
SECONDS, RATE = 130, 15  # three parts


class Cluster:
    """A shared library, and workers on it that may be killed."""

    def __init__(self, services: Cutroom, url: str, log: Path) -> None:
        self.services = services
        self._url = url
        self._log = log
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """One more worker, as another machine would be one."""
        settings = {"DATABASE_URL": self._url, "JOBS_SPREAD_MINUTES": "1", "JOBS_LEASE_SECONDS": "2"}
        settings |= {"MEDIA_LADDER": "240,120", "INSPECTION_CHECK": "off"}
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        with self._log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "cutroom.worker", "--data", str(self.services.settings.data)],
                stdin=subprocess.PIPE,
                stderr=log,
                env=environment | {f"CUTROOM_{name}": value for name, value in settings.items()},
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    async def jobs(self, kind: str) -> list[Job]:
        async with self.services.database.read() as conn:
            return (await self.services.jobs.list(conn, kind=kind)).items

    async def workers_of(self, kind: str) -> dict[str, int]:
        """How many attempts at jobs of a kind each worker has begun, by its process id."""
        ids = [job.id for job in await self.jobs(kind)]
        async with self.services.database.read() as conn:
            rows = await conn.execute(select(job_attempts.c.worker).where(job_attempts.c.job_id.in_(ids)))
        found: dict[str, int] = {}
        for worker in rows.scalars():
            found[worker.split(":")[1]] = found.get(worker.split(":")[1], 0) + 1
        return found

    async def until(self, ready: Callable[[], object], seconds: float = 240) -> None:
        end = time.monotonic() + seconds
        while not await ready():  # type: ignore[misc]
            assert time.monotonic() < end, self._log.read_text()[-4000:]
            await asyncio.sleep(0.1)


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    if not POSTGRES:
        pytest.skip("PostgreSQL is missing; run: apt-get install postgresql && scripts/services up postgres")
    name = f"test_{secrets.token_hex(6)}"
    server = create_async_engine(async_url(POSTGRES), isolation_level="AUTOCOMMIT")
    async with server.connect() as conn:
        await conn.execute(text(f"CREATE DATABASE {name}"))
    url = f"{POSTGRES.rpartition('/')[0]}/{name}"
    services = container.build(
        Settings(data=tmp_path / "data", database=DatabaseSettings(url=url), media=MediaSettings(ladder="240,120"))
    )
    await container.start(services)
    made = Cluster(services, url, tmp_path / "log.txt")
    yield made
    for worker in made.workers:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        assert worker.stdin is not None
        worker.stdin.close()
    await services.database.close()
    async with server.connect() as conn:
        await conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


@whole
async def test_a_killed_worker_costs_its_part_only(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    make_footage(path, seconds=SECONDS, rate=RATE, width=480, height=270, kind="barcode", audio="beep")
    workers = {str(worker.pid): worker for worker in (cluster.start(), cluster.start())}
    async for added in cluster.services.library.add([path], owner_id=None):
        [video_id] = added.added

    async def both_at_it() -> bool:
        return len(await cluster.workers_of("segments")) == 2

    async def some_stand() -> bool:
        return any(cluster.services.data.objects.glob("proxies/*/*/240/*.m4s"))

    await cluster.until(both_at_it)
    await cluster.until(some_stand)
    [running, *_] = [job for job in await cluster.jobs("segments") if job.state is JobState.RUNNING]
    async with cluster.services.database.read() as conn:
        attempts = await cluster.services.jobs.attempts(conn, running.id)
    victim = workers[attempts[-1].worker.split(":")[1]]
    victim.kill()
    stood = {one: one.stat().st_mtime_ns for one in cluster.services.data.objects.glob("proxies/*/*/*/*.m4s")}

    async def over() -> bool:
        return all(job.state.over for job in await cluster.jobs("proxy"))

    await cluster.until(over)
    await check(cluster, video_id, stood, lost=running)


async def check(cluster: Cluster, video_id: str, stood: dict[Path, int], *, lost: Job) -> None:
    """One publication of the whole ladder, and only the lost part was begun twice."""
    segments, [proxy] = await cluster.jobs("segments"), await cluster.jobs("proxy")
    assert {job.state for job in (*segments, proxy)} == {JobState.DONE}, proxy
    assert proxy.attempts == 1
    assert {job.id for job in segments if job.attempts > 1} <= {lost.id}
    assert proxy.result is not None
    assert proxy.result["frames"] == SECONDS * RATE
    assert {one: one.stat().st_mtime_ns for one in stood} == stood
    async with cluster.services.database.read() as conn:
        video = await cluster.services.library.get(conn, video_id, viewer=None)
        playback = await cluster.services.proxies.playback(conn, video.asset_id)
    assert playback is not None
    assert playback.playlist_key is not None
    folder = cluster.services.store.local_path(playback.playlist_key).parent
    assert [one.name for one in folder.parent.glob("attempt-*")] == [folder.name]
    for playlist in ("240.m3u8", "120.m3u8", "audio-0.m3u8"):
        uris = re.findall(r"^[^#\n].*\.m4s$", (folder / playlist).read_text(), re.MULTILINE)
        assert len(uris) >= SECONDS // 4
        assert all((folder / uri).is_file() for uri in uris)
