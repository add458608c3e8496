"""What a domain's callbacks can count on, with real children and a supervisor in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction
from cutroom.db.upgrade import upgrade
from cutroom.events.service import append, latest_id
from cutroom.jobs import testing
from cutroom.jobs.models import Job, JobAttempt, JobKind, JobState, NewJob
from cutroom.jobs.service import JobService
from cutroom.worker.supervisor import Supervisor


class Hall:
    """A job table with a supervisor at work."""

    def __init__(self, database: Database, scratch: Path) -> None:
        self.database, self.scratch = database, scratch
        self.jobs = JobService(database)
        self.supervisor = Supervisor(database=database, jobs=self.jobs, scratch=scratch, queues={"test": 2})

    async def over(self, kind: JobKind, **payload: Any) -> Job:
        return await self.until(await self.enqueue(kind, **payload), lambda job: job.state.over)

    async def enqueue(self, kind: JobKind, **payload: Any) -> str:
        self.jobs.register([kind])
        async with self.database.transaction() as tx:
            return await self.jobs.enqueue(tx, kind=kind.name, payload=payload, subject="vid_1", title="Test")

    async def until(self, job_id: str, test: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(60):
            while True:
                async with self.database.read() as conn:
                    job = await self.jobs.get(conn, job_id)
                if test(job):
                    return job
                await asyncio.sleep(0.02)

    async def history(self, job_id: str) -> list[JobAttempt]:
        async with self.database.read() as conn:
            return await self.jobs.attempts(conn, job_id)


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    database = Database(f"sqlite:///{tmp_path}/cutroom.db")
    await upgrade(database, sqlite_path=None)
    made = Hall(database, tmp_path / "scratch")
    running = asyncio.create_task(made.supervisor.run())
    yield made
    made.supervisor.leave()
    await running
    assert not list(tmp_path.glob("scratch/jobs/*"))
    await database.close()


def with_hooks(kind: JobKind, **hooks: Any) -> JobKind:
    return msgspec.structs.replace(kind, **hooks)


async def test_events_come_in_order_and_before_publishing(hall: Hall) -> None:
    seen: list[Any] = []

    async def progress(_tx: Transaction, _job: Job, event: dict[str, Any]) -> None:
        seen.append(event["number"])

    async def publish(_tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any]:
        assert job.work_dir is not None
        seen.append((job.work_dir / "output.txt").read_text().count("\n"))
        return {"kept": result["lines"]}

    kind = with_hooks(testing.kind(), progress=progress, publish=publish)
    job = await hall.over(kind, seconds=0.1, lines=30, events=True)
    assert seen == [*range(30), 30]
    assert (job.state, job.result) == (JobState.DONE, {"kept": 30})


async def test_nothing_left_to_do_is_done_without_a_child(hall: Hall) -> None:
    async def prepare(_tx: Transaction, _job: Job) -> None:
        return None

    async def publish(_tx: Transaction, _job: Job, _result: dict[str, Any]) -> None:
        raise AssertionError("nothing was made")

    job = await hall.over(with_hooks(testing.kind(), prepare=prepare, publish=publish))
    assert (job.state, job.result) == (JobState.DONE, None)


@pytest.mark.parametrize("hook", ["prepare", "progress", "publish"])
async def test_a_callback_that_raises_fails_the_job_and_undoes_its_writes(hall: Hall, hook: str) -> None:
    told: list[str] = []

    async def raising(tx: Transaction, _job: Job, *_: Any) -> None:
        await append(tx, "video.changed", "vid_1", "*", {"half": True})
        raise CutroomError("storage.full", "The disk is full.", kind=ErrorKind.INVALID)

    async def failed(_tx: Transaction, _job: Job, error: ErrorDocument) -> None:
        told.append(error.code)

    kind = with_hooks(testing.kind(), failed=failed, **{hook: raising})
    job = await hall.over(kind, seconds=0.1, events=True)
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert (job.error.code, told) == ("storage.full", ["storage.full"])
    async with hall.database.read() as conn:
        rows = await conn.exec_driver_sql("SELECT count(*) FROM outbox WHERE topic = 'video.changed'")
        assert rows.scalar() == 0
        assert await latest_id(conn) > 0


async def test_an_unexpected_exception_is_one_sentence(hall: Hall) -> None:
    async def publish(_tx: Transaction, _job: Job, _result: dict[str, Any]) -> None:
        raise ZeroDivisionError("no frames")

    job = await hall.over(with_hooks(testing.kind(max_attempts=1), publish=publish), seconds=0.05)
    assert job.error is not None
    assert job.error.message == "ZeroDivisionError: no frames"


async def test_a_failed_hook_that_raises_does_not_keep_the_job_alive(hall: Hall) -> None:
    async def failed(_tx: Transaction, _job: Job, _error: ErrorDocument) -> None:
        raise RuntimeError("the domain stumbles")

    job = await hall.over(with_hooks(testing.kind(function="refuse"), failed=failed))
    assert job.state is JobState.FAILED


async def test_a_full_disk_is_said(hall: Hall) -> None:
    job = await hall.over(testing.kind(function="fill_disk", max_attempts=1), output="/dev/full")
    assert job.error is not None
    assert job.error.code == "storage.full"


async def test_jobs_run_beside_each_other_up_to_the_queue_s_size(hall: Hall) -> None:
    kind = testing.kind()
    first, second = await asyncio.gather(*(hall.over(kind, seconds=1.0) for _ in range(2)))
    assert first.started_at < second.finished_at
    assert second.started_at < first.finished_at


async def test_the_runner_for_tests_ends_jobs_the_same_way(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/cutroom.db")
    await upgrade(database, sqlite_path=None)
    (tmp_path / "published").mkdir()
    kinds = {
        "write": testing.kind(published=tmp_path / "published"),
        "refuse": testing.kind("refuse", function="refuse"),
    }
    jobs = JobService(database, kinds.values())
    async with database.transaction() as tx:
        for kind in kinds:
            await jobs.enqueue(tx, kind=kind, payload={"seconds": 0.01}, subject=f"vid_{kind}", title="Test")
    ended = await testing.run_queued(jobs.leases(owner="test"), kinds, "test", tmp_path / "scratch")
    assert {job.kind: job.state for job in ended} == {"write": JobState.DONE, "refuse": JobState.FAILED}
    assert (tmp_path / "published" / "vid_write").exists()
    await database.close()


async def test_pausing_stops_the_work_and_resuming_does_it_again(hall: Hall) -> None:
    job_id = await hall.enqueue(testing.kind(), seconds=60.0)
    await hall.until(job_id, lambda job: job.stage == "writing")
    async with hall.database.transaction() as tx:
        await hall.jobs.pause(tx, job_id)
    paused = await hall.until(job_id, lambda job: job.state is JobState.PAUSED)
    assert paused.attempts == 0
    assert [attempt.outcome for attempt in await hall.history(job_id)] == ["paused"]
    async with hall.database.transaction() as tx:
        await hall.jobs.resume(tx, job_id)
    await hall.until(job_id, lambda job: job.state is JobState.RUNNING)
    async with hall.database.transaction() as tx:
        await hall.jobs.cancel(tx, job_id)
    assert (await hall.until(job_id, lambda job: job.state.over)).state is JobState.CANCELLED


async def test_an_attempt_leaves_its_stages_and_what_it_printed(hall: Hall) -> None:
    staged = await hall.over(testing.kind(), seconds=0.1)
    (attempt,) = await hall.history(staged.id)
    assert attempt.started_at is not None
    assert [mark.stage for mark in attempt.stages] == ["writing"]
    assert attempt.started_at <= attempt.stages[0].at <= (attempt.finished_at or 0)
    noisy = await hall.over(
        testing.kind("chatter", function="chatter"), text="/mnt/nas/take.mp4 is odd", output="/mnt/nas"
    )
    (attempt,) = await hall.history(noisy.id)
    assert attempt.log is not None
    assert attempt.log.count("is odd") == 3


async def test_parts_of_a_job_that_failed_are_ended(hall: Hall) -> None:
    slow, broken = testing.kind("slow"), testing.kind("refuse", function="refuse")
    hall.jobs.register([slow, broken])
    whole, part, other = new_id("job"), new_id("job"), new_id("job")

    def new(job_id: str, kind: str, **more: Any) -> NewJob:
        return NewJob(id=job_id, kind=kind, payload={"seconds": 60.0}, subject="vid_1", title="Test", **more)

    async with hall.database.transaction() as tx:
        parts = [new(part, "slow", parent_id=whole), new(other, "refuse", parent_id=whole)]
        await hall.jobs.enqueue_many(tx, [*parts, new(whole, "slow", needs=(part, other))])
    assert (await hall.until(whole, lambda job: job.state.over)).state is JobState.FAILED
    assert (await hall.until(part, lambda job: job.state.over)).state is JobState.CANCELLED
