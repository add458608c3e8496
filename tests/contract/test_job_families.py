"""Jobs that need each other, parts, batches, pauses and histories, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cutroom.core.errors import CutroomError, ErrorDocument
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction
from cutroom.jobs import testing
from cutroom.jobs.leases import Leases
from cutroom.jobs.models import Job, JobState, NewJob, StageMark, Trace
from cutroom.jobs.service import JobService

BROKEN = ErrorDocument(code="media.damaged", message="It is damaged.")


class Table:
    """The job table with one worker's leases, and what its kind was told of failures."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.told: list[tuple[str, str]] = []
        self.jobs = JobService(database, [testing.kind("work", queue="q", failed=self._failed)])
        self.leases: Leases = self.jobs.leases(owner="first")

    async def _failed(self, _tx: Transaction, job: Job, error: ErrorDocument) -> None:
        self.told.append((job.subject, error.code))

    async def put(self, *jobs: NewJob) -> list[str]:
        async with self.database.transaction() as tx:
            return await self.jobs.enqueue_many(tx, jobs)

    async def states(self, *ids: str) -> list[str]:
        return [(await self.look(one)).state.value for one in ids]

    async def look(self, job_id: str) -> Job:
        async with self.database.read() as conn:
            return await self.jobs.get(conn, job_id)

    async def claim(self) -> Job:
        job = await self.leases.claim("q")
        assert job is not None
        return job

    async def work_off(self) -> list[str]:
        """Finish all that may start; the subjects in the order they were taken."""
        taken = []
        while (job := await self.leases.claim("q")) is not None:
            taken.append(job.subject)
            await self.leases.finish(job, None)
        return taken

    async def do(self, verb: str, *arguments: Any) -> Any:
        async with self.database.transaction() as tx:
            return await getattr(self.jobs, verb)(tx, *arguments)


def new(subject: str, *needs: str, **more: Any) -> NewJob:
    return NewJob(
        id=new_id("job"), kind="work", payload={}, subject=subject, title=f"Work {subject}", needs=needs, **more
    )


def fan(parts: int) -> list[NewJob]:
    """A plan, its parts, and the whole that needs all of them."""
    plan = new("plan")
    whole_id = new_id("job")
    some = [new(f"part{n}", plan.id or "", parent_id=whole_id) for n in range(parts)]
    whole = NewJob(
        id=whole_id, kind="work", payload={}, subject="whole", title="Whole", needs=tuple(one.id or "" for one in some)
    )
    return [whole, plan, *some]


@pytest.fixture
def table(database: Database) -> Table:
    return Table(database)


async def test_a_job_starts_when_all_that_it_needs_is_done(table: Table) -> None:
    whole, plan, *parts = await table.put(*fan(3))
    assert await table.states(whole, plan, *parts) == ["waiting", "queued", *["waiting"] * 3]
    assert (await table.look(whole)).pending == 3
    assert await table.work_off() == ["plan", "part0", "part1", "part2", "whole"]
    async with table.database.read() as conn:
        family = (await table.jobs.families(conn, [whole, plan]))[whole]
        assert (family.total, family.states, family.progress) == (3, {"done": 3}, 1.0)
        assert len((await table.jobs.list(conn, parent=whole)).items) == 3
        assert len((await table.jobs.list(conn, parts=False)).items) == 2
        assert (await table.jobs.counts(conn, parts=False))["done"] == 2


async def test_parts_that_finish_at_once_are_each_counted(table: Table) -> None:
    whole, _, *parts = await table.put(*fan(8))
    await table.leases.finish(await table.claim(), None)
    running = [await table.claim() for _ in parts]
    others = [table.jobs.leases(owner=f"other-{n}") for n in range(8)]
    await asyncio.gather(*(leases.finish(job, None) for leases, job in zip(others, running, strict=True)))
    now = await table.look(whole)
    assert (now.state, now.pending) == (JobState.QUEUED, 0)


async def test_needing_what_is_stored(table: Table) -> None:
    (first,) = await table.put(new("first"))
    (second,) = await table.put(new("second", first))
    assert await table.states(second) == ["waiting"]
    assert await table.work_off() == ["first", "second"]
    (third,) = await table.put(new("third", first))
    assert await table.states(third) == ["queued"]
    for needs, code in ((new_id("job"), "job.not-found"), (third, "job.needs-over")):
        if code == "job.needs-over":
            await table.do("cancel", third)
        with pytest.raises(CutroomError) as caught:
            await table.put(new("fourth", needs))
        assert caught.value.code == code


async def test_a_circle_is_refused_and_nothing_is_queued(table: Table) -> None:
    ids = [new_id("job"), new_id("job")]
    pair = [
        NewJob(id=ids[n], kind="work", payload={}, subject=str(n), title="Work", needs=(ids[1 - n],)) for n in range(2)
    ]
    with pytest.raises(CutroomError) as caught:
        await table.put(*pair)
    assert caught.value.code == "job.needs-circle"
    async with table.database.read() as conn:
        assert (await table.jobs.list(conn)).items == []


async def test_a_need_that_is_active_under_the_same_key_is_that_job(table: Table) -> None:
    (known,) = await table.put(new("known", idempotency_key="k"))
    again = new("again", idempotency_key="k")
    same, after = await table.put(again, new("after", again.id or ""))
    assert same == known
    assert await table.states(after) == ["waiting"]
    assert await table.work_off() == ["known", "after"]


async def test_what_needs_a_failed_job_fails_and_a_retry_brings_both_back(table: Table) -> None:
    whole, plan, first, second = await table.put(*fan(2))
    await table.leases.finish(await table.claim(), None)
    part = await table.claim()
    assert part.id == first
    await table.leases.fail(part, BROKEN, retry=False)
    assert await table.states(whole, first, second) == ["failed", "failed", "queued"]
    error = (await table.look(whole)).error
    assert error is not None
    assert (error.code, error.message) == (
        "job.need-failed",
        "'Work part0', which it needs, was not done: It is damaged.",
    )
    assert table.told == [("part0", "media.damaged"), ("whole", "job.need-failed")]
    assert await table.do("cancel_left_parts") == 1
    assert await table.states(second) == ["cancelled"]
    await table.do("retry", whole)
    assert await table.states(whole, plan, first, second) == ["waiting", "done", "queued", "queued"]
    assert await table.work_off() == ["part0", "part1", "whole"]


async def test_retrying_a_part_brings_back_what_ended_with_it(table: Table) -> None:
    whole, plan, *parts = await table.put(*fan(2))
    await table.leases.fail(await table.claim(), BROKEN, retry=False)
    assert await table.states(whole, plan, *parts) == ["failed"] * 4
    await table.do("retry", plan)
    assert await table.work_off() == ["plan", "part0", "part1", "whole"]


async def test_cancelling_a_job_cancels_its_parts(table: Table) -> None:
    whole, _, first, second = await table.put(*fan(2))
    await table.leases.finish(await table.claim(), None)
    running = await table.claim()
    assert (await table.do("cancel", whole)).state is JobState.CANCELLED
    assert await table.states(first, second) == ["running", "cancelled"]
    async with table.leases.read() as conn:
        (stopping,) = await table.leases.stopping(conn)
    assert (stopping.id, stopping.cancel_requested) == (first, True)
    await table.leases.cancelled(running)
    assert await table.states(whole, first) == ["cancelled", "cancelled"]
    assert ("whole", "job.cancelled") in table.told
    assert len(table.told) == 3


async def test_a_paused_job_is_not_claimed_and_goes_on_where_it_was(table: Table) -> None:
    whole, plan, *parts = await table.put(*fan(2))
    await table.do("pause", whole)
    assert await table.states(whole, plan, *parts) == ["paused", "queued", "paused", "paused"]
    assert await table.work_off() == ["plan"]  # it is needed by the parts, and no part itself
    await table.do("resume", whole)
    assert await table.states(whole, *parts) == ["waiting", "queued", "queued"]
    assert await table.work_off() == ["part0", "part1", "whole"]
    for verb, code in (("pause", "job.not-pausable"), ("resume", "job.not-resumable")):
        with pytest.raises(CutroomError) as caught:
            await table.do(verb, whole)
        assert caught.value.code == code


async def test_pausing_what_runs_gives_the_attempt_back(table: Table) -> None:
    (job_id,) = await table.put(new("one"))
    job = await table.claim()
    assert (await table.do("pause", job_id)).pause_requested
    async with table.leases.read() as conn:
        (stopping,) = await table.leases.stopping(conn)
    assert (stopping.cancel_requested, stopping.pause_requested) == (False, True)
    await table.leases.release(job)
    now = await table.look(job_id)
    assert (now.state, now.attempts, now.pause_requested) == (JobState.PAUSED, 0, False)
    async with table.database.read() as conn:
        (attempt,) = await table.jobs.attempts(conn, job_id)
    assert attempt.outcome == "paused"
    await table.do("resume", job_id)
    assert await table.work_off() == ["one"]


async def test_a_paused_job_whose_worker_vanished_stays_paused(table: Table) -> None:
    (job_id,) = await table.put(new("one"))
    await table.claim()
    await table.do("pause", job_id)
    (expired,) = await table.leases.expired(all_running=True)
    recovered = await table.leases.recover(expired, certain=True)
    assert recovered is not None
    assert recovered.state is JobState.PAUSED
    await table.do("cancel", job_id)
    assert await table.states(job_id) == ["cancelled"]


async def test_a_batch_is_paused_resumed_and_cancelled_together(table: Table) -> None:
    some = await table.put(*(new(f"row{n}", batch_id="bat_1") for n in range(4)), new("other"))
    await table.leases.finish(await table.claim(), None)
    assert await table.do("pause_batch", "bat_1") == 3
    assert await table.work_off() == ["other"]
    assert await table.do("resume_batch", "bat_1") == 3
    await table.leases.finish(await table.claim(), None)
    assert await table.do("cancel_batch", "bat_1") == 2
    assert await table.states(*some) == ["done", "done", "cancelled", "cancelled", "done"]
    async with table.database.read() as conn:
        assert len((await table.jobs.list(conn, batch="bat_1")).items) == 4


async def test_the_history_of_a_job(table: Table) -> None:
    (job_id,) = await table.put(new("one"))
    job = await table.claim()
    stages = [StageMark(stage="probing", at=1), StageMark(stage="encoding", at=2)]
    await table.leases.renew(job, stage="probing", progress=0.1, changed=True, trace=Trace(stages=stages[:1]))
    async with table.database.read() as conn:
        (under_way,) = await table.jobs.attempts(conn, job_id)
    assert (under_way.stages, under_way.outcome, under_way.log) == (stages[:1], None, None)
    await table.leases.fail(job, BROKEN, retry=False, trace=Trace(stages=stages, log="broken pipe"))
    await table.do("retry", job_id)
    await table.leases.release(await table.claim())
    await table.leases.finish(await table.claim(), None, trace=Trace(stages=stages))
    async with table.database.read() as conn:
        failed, released, done = await table.jobs.attempts(conn, job_id)
    assert (failed.number, failed.outcome, failed.error, failed.log) == (1, "failed", BROKEN, "broken pipe")
    assert (failed.worker, failed.stages) == ("first", stages)
    assert (released.outcome, done.outcome, done.number) == ("released", "done", 1)
    assert done.finished_at is not None
