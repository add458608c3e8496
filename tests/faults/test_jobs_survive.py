"""The same disasters on one machine and on many: every job is published exactly once, and nothing is left behind.

On many machines the database is PostgreSQL, the broker Redis or RabbitMQ, and two workers live in process trees of
their own. `make faults` tries all of it with all engines; CI a few moments with the first two.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cutroom.core import clock
from cutroom.core.errors import CutroomError
from cutroom.db.upgrade import upgrade
from cutroom.jobs.models import JobState
from tests.conftest import WHOLE
from tests.databases import copy_postgres, drop_postgres
from tests.faults.houses import Cluster, Embedded, RedisServer, kill, processes_with
from tests.faults.rabbit import RabbitServer

POSTGRES = os.environ.get("CUTROOM_TEST_POSTGRES_URL", "")
POINTS = 20 if WHOLE else 1
SECONDS = 1.0  # of a job
ENGINES = ["embedded", "celery-redis", "celery-rabbitmq"] if WHOLE else ["embedded", "celery-redis"]

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]
whole = pytest.mark.skipif(not WHOLE, reason="it takes long; run: make faults")


@pytest.fixture(params=ENGINES)
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Embedded]:
    if request.param == "embedded":
        made, url = Embedded(tmp_path), ""
    else:
        server = RabbitServer() if "rabbit" in request.param else RedisServer(tmp_path / "redis", aof=True)
        if server.missing:
            pytest.skip(server.missing)
        url = await new_database()
        server.start()
        made = Cluster(tmp_path, url, server)
    monkeypatch.setenv("XDG_ROOM", str(made.scratch))
    await upgrade(made.database, sqlite_path=None)
    yield made
    await close(made)
    if url:
        server.stop()
        await drop_database(url)


async def new_database() -> str:
    """An upgraded database on the test server."""
    if not POSTGRES:
        pytest.skip("PostgreSQL is missing; run: apt-get install postgresql && scripts/services up postgres")
    return await copy_postgres(POSTGRES)


async def drop_database(url: str) -> None:
    """Drop it, whoever is still connected."""
    await drop_postgres(POSTGRES, url)


async def close(house: Embedded) -> None:
    for pid in processes_with(str(house.scratch)):
        kill(pid)
    for process in house.processes:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
    for pid in house.children():
        kill(pid)
    await house.database.close()


async def begun(house: Embedded, subject: str) -> str:
    """A job that is being worked on."""
    job_id = await house.enqueue("write", subject, seconds=SECONDS)
    await house.until(job_id, lambda job: job.stage == "writing", 60)
    return job_id


async def test_killed_at_any_moment(house: Embedded) -> None:
    house.open()
    ids = []
    for victim in house.victims:
        for point in range(POINTS):
            ids.append(await house.enqueue("write", f"{victim}-{point}", seconds=SECONDS))
            await house.until(ids[-1], lambda job: job.state is not JobState.QUEUED, 60)
            await asyncio.sleep((point + 0.5) * SECONDS * 1.4 / POINTS)
            await house.kill(victim)
    await house.in_order(ids)
    assert len(list(house.published.iterdir())) == 2 * len(ids)  # each output and its log, and nothing else


@pytest.mark.parametrize("house", ENGINES if WHOLE else ["celery-redis"], indirect=True)
async def test_a_frozen_worker_never_publishes(house: Embedded) -> None:
    house.open(lease=1.0)
    job_id = await begun(house, "vid_1")
    frozen = await house.freeze()
    job = await house.over(job_id, 60)  # two leases and more
    assert job.fence == 2
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    await asyncio.sleep(1.5)
    await house.in_order([job_id])
    assert await house.history(job_id) == ["lost", "done"]


@whole
@pytest.mark.parametrize("seconds", [86_400.0, -86_400.0])
async def test_a_clock_that_jumps(house: Embedded, seconds: float) -> None:
    house.open()
    running = await begun(house, "vid_1")
    house.jump.write_text(str(seconds))
    stumbling = await house.enqueue("stumble", "vid_2")
    later = await house.enqueue("write", "vid_3", seconds=0.1)
    await house.in_order([running, later])
    assert await house.history(running) == ["done"]  # no lease ran out
    assert (await house.over(stumbling, 60)).attempts == 2  # the pause between attempts passed


@whole
async def test_an_out_of_memory_job_fails_after_its_attempts(house: Embedded) -> None:
    house.open(memory_mib=512)
    job_id = await house.enqueue("grow", "vid_1")
    after = await house.enqueue("write", "vid_2", seconds=0.1)
    job = await house.over(job_id, 60)
    assert (job.state, job.attempts) == (JobState.FAILED, 2)
    assert job.error is not None
    assert job.error.code == "process.out-of-memory"
    await house.in_order([after])


@whole
async def test_a_newer_version_takes_over_and_reads_what_the_older_could_not(house: Embedded) -> None:
    house.open()
    running = await begun(house, "vid_1")
    async with house.database.transaction() as tx:
        newer = await house.jobs.enqueue(tx, kind="write", payload={"seconds": 0.1}, subject="vid_2", title="Newer")
        await tx.conn.execute(
            text("UPDATE jobs SET payload_version = 2, created_at = :at WHERE id = :id"),
            {"id": newer, "at": clock.now() - 60 * clock.SECOND},
        )
    refused = await house.until(newer, lambda job: job.error is not None, 60)
    assert refused.error is not None
    assert (refused.state, refused.error.code) == (JobState.QUEUED, "job.payload-newer")
    long = await house.enqueue("write", "vid_3", seconds=8.0)
    await house.until(long, lambda job: job.stage == "writing", 60)
    for pid in [*house.pids("server"), *house.pids("worker")]:
        if house.engine != "embedded" or pid in house.pids("worker"):
            os.kill(pid, signal.SIGTERM)
    back = await house.until(long, lambda job: job.state is JobState.QUEUED or job.fence > 1, 60)
    assert back.fence > 1 or back.attempts == 0
    for pid in house.pids("server"):
        kill(pid)
    house.open(version=2)
    await house.in_order([running, newer, long])
    assert (await house.history(long))[0] == "released"


@whole
async def test_a_full_disk_is_said_and_it_works_again(
    house: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root: sudo make faults")
    disk = tmp_path / "disk"
    disk.mkdir()
    await run("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk))
    house.scratch, house.published = disk / "scratch", disk / "published"
    monkeypatch.setenv("XDG_ROOM", str(house.scratch))
    try:
        for folder in (house.scratch, house.published):
            folder.mkdir()
        house.open()
        job = await house.over(await house.enqueue("fill", "vid_1"), 60)
        assert job.error is not None
        assert (job.state, job.error.code) == (JobState.FAILED, "storage.full")
        await house.in_order([await house.enqueue("write", "vid_2", seconds=0.1)])
    finally:
        await close(house)
        await run("umount", "-l", str(disk))


async def run(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(*words)
    assert await process.wait() == 0, words


@whole
async def test_a_full_database_disk_is_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root: sudo make faults")
    disk = tmp_path / "disk"
    disk.mkdir()
    await run("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk))
    house = Embedded(disk)
    house.log = tmp_path / "log.txt"
    monkeypatch.setenv("XDG_ROOM", str(house.scratch))
    try:
        await upgrade(house.database, sqlite_path=None)
        house.open()
        running = await begun(house, "vid_1")
        with pytest.raises(OSError, match="No space"):
            fill(disk / "ballast")
        with pytest.raises(CutroomError) as caught:
            await enqueue_much(house)
        assert caught.value.code == "db.disk-full"
        (disk / "ballast").unlink()
        after = await house.enqueue("write", "vid_2", seconds=0.1)
        await house.in_order([running, after])
    finally:
        await close(house)
        await run("umount", "-l", str(disk))


def fill(path: Path) -> None:
    with path.open("wb") as ballast:
        while True:
            ballast.write(bytes(4096))
            ballast.flush()


async def enqueue_much(house: Embedded) -> None:
    for number in range(2000):
        await house.enqueue("nothing", f"vid_{number + 10}", padding="x" * 10_000)
