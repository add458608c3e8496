"""The job table's promises, on SQLite and, where CUTROOM_TEST_POSTGRES_URL names a server, on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from cutroom.core.errors import CutroomError, ErrorDocument
from cutroom.db.engine import Database, Transaction
from cutroom.events.service import Tail, append, latest_id, prune
from cutroom.jobs import testing
from cutroom.jobs.errors import StaleFenceError
from cutroom.jobs.leases import Leases
from cutroom.jobs.models import IDLE_BELOW, INSPECT, PROXY, Job, JobState, NewJob
from cutroom.jobs.service import JobService
from cutroom.jobs.tables import jobs as table

BROKEN = ErrorDocument(code="media.damaged", message="It is damaged.")


class Failures:
    """A kind's `failed` hook that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    async def __call__(self, _tx: Transaction, job: Job, error: ErrorDocument) -> None:
        self.seen.append((job.id, error.code))


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
def jobs(database: Database, failures: Failures) -> JobService:
    return JobService(database, [testing.kind("work", queue="q", function="echo", failed=failures)])


@pytest.fixture
def leases(jobs: JobService) -> Leases:
    return jobs.leases(owner="first")


async def put(database: Database, jobs: JobService, subject: str = "vid_1", **more: Any) -> str:
    async with database.transaction() as tx:
        return await jobs.enqueue(tx, kind="work", payload={"a": 1}, subject=subject, title="Work", **more)


async def look(database: Database, jobs: JobService, job_id: str) -> Job:
    async with database.read() as conn:
        return await jobs.get(conn, job_id)


async def claimed(leases: Leases) -> Job:
    job = await leases.claim("q")
    assert job is not None
    return job


async def test_the_larger_priority_goes_first_then_the_older(
    database: Database, jobs: JobService, leases: Leases
) -> None:
    ids = [await put(database, jobs, f"vid_{n}", priority=priority) for n, priority in enumerate((5, 50, 50, 100))]
    order = [(await claimed(leases)).id for _ in ids]
    assert order == [ids[3], ids[1], ids[2], ids[0]]
    assert await leases.claim("q") is None


async def test_idle_work_can_be_left_alone(database: Database, jobs: JobService, leases: Leases) -> None:
    idle = await put(database, jobs, "vid_1", priority=PROXY)
    async with leases.read() as conn:
        assert await leases.ready(conn, ["q"]) == {"q": PROXY}
    assert await leases.claim("q", at_least=IDLE_BELOW) is None
    urgent = await put(database, jobs, "vid_2", priority=INSPECT)
    async with leases.read() as conn:
        assert await leases.ready(conn, ["q"]) == {"q": INSPECT}
    first = await leases.claim("q", at_least=IDLE_BELOW)
    assert first is not None
    assert first.id == urgent
    assert (await claimed(leases)).id == idle


async def test_many_claim_at_once_and_none_gets_another_s(database: Database, jobs: JobService) -> None:
    async with database.transaction() as tx:
        wanted = await jobs.enqueue_many(
            tx, [NewJob(kind="work", payload={}, subject=f"vid_{n}", title="Work") for n in range(20)]
        )
    owners = [jobs.leases(owner=f"owner-{n}") for n in range(4)]

    async def drain(leases: Leases) -> list[str]:
        got = []
        while (job := await leases.claim("q")) is not None:
            got.append(job.id)
        return got

    got = await asyncio.gather(*(drain(leases) for leases in owners))
    assert sorted(job_id for some in got for job_id in some) == sorted(wanted)


async def test_the_same_active_key_is_the_same_job(database: Database, jobs: JobService, leases: Leases) -> None:
    first = await put(database, jobs, idempotency_key="k", priority=5)
    assert await put(database, jobs, idempotency_key="k", priority=90) == first
    assert await put(database, jobs, idempotency_key="k", priority=10) == first
    assert (await look(database, jobs, first)).priority == 90
    async with database.transaction() as tx:
        again = [NewJob(kind="work", payload={}, subject="s", title="t", idempotency_key=key) for key in "kmm"]
        same, other, other_again = await jobs.enqueue_many(tx, again)
    assert same == first
    assert other == other_again
    job = await claimed(leases)
    await leases.finish(job, {})
    assert await put(database, jobs, idempotency_key="k") != first


async def test_a_stale_fence_changes_nothing(database: Database, jobs: JobService, leases: Leases) -> None:
    await put(database, jobs)
    zombie = await claimed(leases)
    async with database.transaction() as tx:
        await tx.conn.execute(update(table).values(lease_until=0))
    (expired,) = await leases.expired()
    recovered = await leases.recover(expired)
    assert recovered is not None
    assert recovered.state is JobState.QUEUED
    fresh = await claimed(jobs.leases(owner="second"))
    assert (fresh.fence, fresh.attempts) == (2, 2)
    for write in (
        lambda: leases.finish(zombie, {"by": "zombie"}),
        lambda: leases.fail(zombie, BROKEN, retry=True),
        lambda: leases.release(zombie),
        lambda: leases.cancelled(zombie),
        lambda: leases.renew(zombie, stage="x", progress=0.5, changed=True),
    ):
        with pytest.raises(StaleFenceError):
            await write()
    now = await look(database, jobs, fresh.id)
    assert (now.state, now.fence, now.result, now.stage) == (JobState.RUNNING, 2, None, None)


async def test_a_publish_that_fails_takes_everything_back(database: Database) -> None:
    async def publish(tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any]:
        await append(tx, "video.changed", "vid_1", "*", {})
        raise CutroomError("storage.full", "Full.")

    kind = testing.kind("work", queue="q")
    broken = JobService(database, [type(kind)(**{**_fields(kind), "publish": publish})])
    job_id = await put(database, broken)
    leases = broken.leases(owner="first")
    job = await claimed(leases)
    async with database.read() as conn:
        before = await latest_id(conn)
    with pytest.raises(CutroomError, match="Full"):
        await leases.finish(job, {})
    async with database.read() as conn:
        assert await latest_id(conn) == before
    assert (await look(database, broken, job_id)).state is JobState.RUNNING


async def test_a_running_lease_is_not_expired_and_renewing_keeps_it(database: Database, jobs: JobService) -> None:
    await put(database, jobs)
    leases = jobs.leases(owner="first", lease_seconds=0.3)
    job = await claimed(leases)
    assert await leases.expired() == []
    for _ in range(3):
        await asyncio.sleep(0.15)
        await leases.renew(job, stage="encoding", progress=0.4, changed=False)
        assert await leases.expired() == []
    await asyncio.sleep(0.4)
    (expired,) = await leases.expired()
    await leases.renew(job, stage="encoding", progress=0.5, changed=False)
    assert await leases.recover(expired) is None  # it came back in time


async def test_failures_are_retried_after_a_pause_and_then_stay(
    database: Database, jobs: JobService, leases: Leases, failures: Failures
) -> None:
    job_id = await put(database, jobs)
    for attempt in (1, 2, 3):
        async with database.transaction() as tx:
            await tx.conn.execute(update(table).values(not_before=0))
        job = await claimed(leases)
        assert job.attempts == attempt
        after = await leases.fail(job, BROKEN, retry=True)
    assert after.state is JobState.FAILED
    assert failures.seen == [(job_id, "media.damaged")]
    async with database.transaction() as tx:
        again = await jobs.retry(tx, job_id)
    assert (again.state, again.attempts, again.error) == (JobState.QUEUED, 0, None)


async def test_a_pause_keeps_a_job_back(database: Database, jobs: JobService, leases: Leases) -> None:
    await put(database, jobs)
    await leases.fail(await claimed(leases), BROKEN, retry=True)
    async with leases.read() as conn:
        assert await leases.ready(conn, ["q"]) == {}
    assert await leases.claim("q") is None


async def test_a_clock_that_was_set_back_keeps_nothing_back(
    database: Database, jobs: JobService, leases: Leases
) -> None:
    await put(database, jobs)
    async with database.transaction() as tx:
        await tx.conn.execute(update(table).values(not_before=2**53))
    async with leases.read() as conn:
        assert set(await leases.ready(conn, ["q", "other"])) == {"q"}
    assert await leases.claim("q") is not None


async def test_releasing_gives_the_attempt_back(database: Database, jobs: JobService, leases: Leases) -> None:
    await put(database, jobs)
    back = await leases.release(await claimed(leases))
    assert (back.state, back.attempts, back.fence) == (JobState.QUEUED, 0, 1)


async def test_cancel(database: Database, jobs: JobService, leases: Leases, failures: Failures) -> None:
    queued, running = await put(database, jobs, "vid_1", priority=1), await put(database, jobs, "vid_2", priority=2)
    job = await claimed(leases)
    assert job.id == running
    async with database.transaction() as tx:
        assert (await jobs.cancel(tx, queued)).state is JobState.CANCELLED
        assert (await jobs.cancel(tx, running)).cancel_requested
    async with leases.read() as conn:
        assert [(job.id, job.fence) for job in await leases.stopping(conn)] == [(running, 1)]
    assert (await leases.cancelled(job)).state is JobState.CANCELLED
    assert failures.seen == [(queued, "job.cancelled"), (running, "job.cancelled")]
    async with database.transaction() as tx:
        assert (await jobs.cancel(tx, queued)).state is JobState.CANCELLED
        with pytest.raises(CutroomError) as caught:
            await jobs.cancel(tx, "job_nothing")
    assert caught.value.code == "job.not-found"


async def test_a_lost_job_fails_when_its_attempts_are_used(
    database: Database, jobs: JobService, leases: Leases, failures: Failures
) -> None:
    job_id = await put(database, jobs)
    for _ in range(3):
        await claimed(leases)
        (expired,) = await leases.expired(all_running=True)
        await leases.recover(expired, certain=True)
    job = await look(database, jobs, job_id)
    assert job.state is JobState.FAILED
    assert failures.seen == [(job_id, "job.lost")]


async def test_pages_counts_and_who_sees_what(database: Database, jobs: JobService) -> None:
    ids = [await put(database, jobs, f"vid_{n}", owner_id="acc_1" if n % 2 else None) for n in range(5)]
    async with database.read() as conn:
        first = await jobs.list(conn, limit=3)
        second = await jobs.list(conn, limit=3, after=first.next)
        assert [job.id for job in (*first.items, *second.items)] == sorted(
            ids, key=lambda job_id: [job.id for job in (*first.items, *second.items)].index(job_id)
        )
        assert second.next is None
        assert (await jobs.counts(conn))["queued"] == 5
        assert len((await jobs.list(conn, viewer="acc_2")).items) == 3
        assert (await jobs.counts(conn, viewer="acc_1"))["queued"] == 5
        with pytest.raises(CutroomError):
            await jobs.get(conn, ids[1], viewer="acc_2")
        assert set(await jobs.active(conn, ["vid_0", "vid_3", "vid_9"])) == {"vid_0", "vid_3"}


async def test_opening_a_subject_raises_its_jobs(database: Database, jobs: JobService, leases: Leases) -> None:
    await put(database, jobs, "vid_1", priority=50)
    low = await put(database, jobs, "vid_2", priority=5)
    async with database.transaction() as tx:
        assert await jobs.prioritise(tx, "vid_2", 100) == 1
    assert (await claimed(leases)).id == low


async def test_each_change_is_told_in_order(database: Database, jobs: JobService, leases: Leases) -> None:
    tail = Tail(database)
    await tail.start()
    job_id = await put(database, jobs, owner_id="acc_1")
    job = await claimed(leases)
    await leases.renew(job, stage="encoding", progress=0.25, changed=True)
    await leases.finish(job, {"answer": 42})
    rows = []
    async with asyncio.timeout(5):
        while len(rows) < 4:
            rows.append(await anext(tail))
    assert [row.payload["state"] for row in rows] == ["queued", "running", "running", "done"]
    assert {row.audience for row in rows} == {"acc_1"}
    assert {row.subject for row in rows} == {job_id}
    assert rows[2].payload["progress"] == 0.25
    waiting = asyncio.ensure_future(anext(tail))
    await asyncio.sleep(0.05)
    async with database.transaction() as tx:
        await append(tx, "video.changed", "vid_1", "*", {"id": "vid_1"})
    async with asyncio.timeout(2):
        assert (await waiting).topic == "video.changed"
    await tail.close()


async def test_a_rolled_back_row_does_not_stop_the_tail(database: Database, jobs: JobService) -> None:
    tail = Tail(database)
    await tail.start()

    async def append_and_fail() -> None:
        async with database.transaction() as tx:
            await append(tx, "video.changed", "vid_1", "*", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await append_and_fail()
    async with database.transaction() as tx:
        await append(tx, "video.changed", "vid_2", "*", {})
    async with asyncio.timeout(5):
        assert (await anext(tail)).subject == "vid_2"
    await tail.close()


async def test_pruning_keeps_what_is_new(database: Database) -> None:
    async with database.transaction() as tx:
        await append(tx, "video.changed", "vid_1", "*", {})
        assert await prune(tx) == 0


def _fields(kind: Any) -> dict[str, Any]:
    return {name: getattr(kind, name) for name in kind.__struct_fields__}
