"""Which jobs a worker takes, what it says of the others, what recurs and what is forgotten, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from cutroom.bootstrap import container, ground, maintenance, shared_storage
from cutroom.bootstrap.broker import Broker
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import Settings
from cutroom.core import clock
from cutroom.core.errors import CutroomError
from cutroom.db import facts
from cutroom.db.engine import Database, Transaction
from cutroom.jobs import testing
from cutroom.jobs.models import Job, JobKind, JobState
from cutroom.jobs.recurring import Recurrence, Recurring
from cutroom.jobs.service import JobService
from cutroom.jobs.tables import jobs as table
from cutroom.worker import dispatching
from cutroom.worker.capabilities import unable
from cutroom.worker.dispatching import Dispatcher
from cutroom.worker.schedules import begin_due


def kind(name: str = "work", **more: Any) -> JobKind:
    return testing.kind(name, queue="q", function="echo", **more)


async def put(database: Database, jobs: JobService, name: str = "work", *, age: int = 60) -> str:
    async with database.transaction() as tx:
        job_id = await jobs.enqueue(tx, kind=name, payload={}, subject="vid_1", title="Work")
        at = clock.now() - age * clock.SECOND
        await tx.conn.execute(update(table).where(table.c.id == job_id).values(created_at=at))
    return job_id


async def look(database: Database, jobs: JobService, job_id: str) -> Job:
    async with database.read() as conn:
        return await jobs.get(conn, job_id)


async def test_a_newer_payload_waits_for_a_newer_worker(database: Database) -> None:
    newer, older = JobService(database, [kind(payload_version=2)]), JobService(database, [kind()])
    new_id, old_id = await put(database, newer), await put(database, older, age=30)
    leases = older.leases(owner="older")
    async with leases.read() as conn:
        assert await leases.ready(conn, ["q"])
    first = await leases.claim("q")
    assert first is not None
    assert first.id == old_id
    assert await leases.claim("q") is None
    assert await leases.note_unable(["q"]) == 1
    assert await leases.note_unable(["q"]) == 0
    left = await look(database, older, new_id)
    assert left.error is not None
    assert (left.state, left.error.code, left.attempts) == (JobState.QUEUED, "job.payload-newer", 0)
    taken = await newer.leases(owner="newer").claim("q")
    assert taken is not None
    assert taken.id == new_id


async def test_an_unknown_kind_and_a_missing_encoder_are_said(database: Database) -> None:
    everything = [kind("old"), kind("unknown"), kind("encode", encoders=("libx264", "aac"))]
    jobs = JobService(database, everything)
    unknown, encode = await put(database, jobs, "unknown"), await put(database, jobs, "encode")
    fresh = await put(database, jobs, "unknown", age=0)
    worker = JobService(database, [everything[0], everything[2]])
    lacking = unable(everything, ["libx264", "libsvtav1"])
    leases = worker.leases(owner="w", unable=lacking)
    assert await leases.claim("q") is None
    assert await leases.note_unable(["q"]) == 2
    errors = [(await look(database, jobs, one)).error for one in (unknown, encode, fresh)]
    assert [error and error.code for error in errors] == ["job.kind-unknown", "worker.codec-missing", None]
    assert errors[1] is not None
    assert "libx264" in errors[1].message


async def test_what_recurs_begins_once_and_again_when_it_is_time(database: Database) -> None:
    begun: list[str] = []

    async def begin(_tx: Transaction) -> None:
        begun.append("it")

    both = [Recurring(), Recurring()]
    for one in both:
        one.register(Recurrence(name="it", every_seconds=3600, begin=begin))
    async with database.read() as conn:
        (due,) = await both[0].due(conn)
    for one in both:
        async with database.transaction() as tx:
            await one.begin(tx, due)
    assert begun == ["it"]
    for at in (clock.now() - 3601 * clock.SECOND, clock.now() + 3600 * clock.SECOND):  # the second: it was set back
        async with database.transaction() as tx:
            known = await facts.get(tx.conn, "recurring.it")
            assert await facts.swap(tx.conn, "recurring.it", known, str(at))
        async with database.read() as conn:
            assert await both[0].due(conn)
        async with database.transaction() as tx:
            assert await both[1].begin(tx, due)
    assert begun == ["it"] * 3


async def test_a_recurrence_that_fails_is_not_counted(database: Database) -> None:
    async def begin(_tx: Transaction) -> None:
        raise CutroomError("db.disk-full", "Full.")

    recurring = Recurring()
    recurring.register(Recurrence(name="it", every_seconds=3600, begin=begin))
    with pytest.raises(CutroomError):
        await begin_due(database, _NoSchedules(), recurring)  # type: ignore[arg-type]
    async with database.read() as conn:
        assert await recurring.due(conn)


class _NoSchedules:
    async def due(self, _conn: object) -> list[object]:
        return []


async def test_maintenance_forgets_old_jobs_and_copies_the_database(cutroom: Cutroom) -> None:
    old = await put(cutroom.database, cutroom.jobs, "backup")
    async with cutroom.database.transaction() as tx:
        await cutroom.jobs.cancel(tx, old)
        await tx.conn.execute(update(table).values(finished_at=clock.now() - 31 * 86_400 * clock.SECOND))
    await begin_due(cutroom.database, cutroom.schedules, cutroom.recurring)
    async with cutroom.database.read() as conn:
        found = (await cutroom.jobs.list(conn)).items
    assert old not in {job.id for job in found}
    assert [job.kind for job in found] == (["backup"] if cutroom.database.is_sqlite else [])
    if cutroom.database.is_sqlite:
        made = [
            maintenance.backup_database(report=lambda _: None, path=str(cutroom.data.database))
            for _ in range(maintenance.KEEP_BACKUPS + 2)
        ]
        assert all(one["bytes"] for one in made)
        assert len(list(cutroom.data.backups.glob("*-daily.db"))) <= maintenance.KEEP_BACKUPS


class FakeBroker:
    """A broker in memory that can be away."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.away = False

    def depths(self, queues: list[str]) -> dict[str, int]:
        if self.away:
            raise CutroomError("broker.unreachable", "Away.")
        return dict.fromkeys(queues, len(self.messages))

    def send(self, _queue: str, job_ids: list[str]) -> None:
        self.messages += job_ids


async def test_the_broker_is_filled_as_far_as_needed_and_again_when_it_forgets(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, broker = JobService(database, [kind()]), FakeBroker()
    leases = jobs.leases(owner="d")
    dispatcher = Dispatcher(database, leases, broker, first=True)  # type: ignore[arg-type]
    first = [await put(database, jobs) for _ in range(3)]
    assert await dispatcher.top_up() == 3
    assert sorted(broker.messages) == sorted(first)
    assert await dispatcher.top_up() == 0
    broker.messages.clear()
    assert await dispatcher.top_up() == 0  # they may be on their way
    monkeypatch.setattr(dispatching, "AGAIN_SECONDS", 0.0)
    assert await dispatcher.top_up() == 3
    broker.away = True
    late = await put(database, jobs)
    assert await dispatcher.top_up() == 0
    broker.away = False
    assert await dispatcher.top_up() == 1
    assert broker.messages[-1] == late


async def test_ten_thousand_jobs_are_a_handful_of_messages(database: Database) -> None:
    jobs, broker = JobService(database, [kind()]), FakeBroker()
    for _ in range(dispatching.MOST + 5):
        await put(database, jobs)
    dispatcher = Dispatcher(database, jobs.leases(owner="d"), broker, first=True)  # type: ignore[arg-type]
    await dispatcher.top_up()
    await dispatcher.top_up()
    assert len(broker.messages) == dispatching.MOST


async def test_a_worker_beside_the_server_only_repeats_what_was_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, broker = JobService(database, [kind()]), FakeBroker()
    dispatcher = Dispatcher(database, jobs.leases(owner="d"), broker, first=False)  # type: ignore[arg-type]
    await put(database, jobs)
    assert await dispatcher.top_up() == 0
    monkeypatch.setattr(dispatching, "AGAIN_SECONDS", 0.0)
    assert await dispatcher.top_up() == 1


async def test_a_worker_that_sees_another_store_does_not_start(cutroom: Cutroom, tmp_path: Path) -> None:
    await shared_storage.require_same(cutroom)  # no server has named it yet
    await shared_storage.mark(cutroom)
    await shared_storage.mark(cutroom)
    await shared_storage.require_same(cutroom)
    storage = cutroom.settings.storage.model_copy(update={"root": str(tmp_path / "elsewhere")})
    other = container.build(cutroom.settings.model_copy(update={"storage": storage}))
    with pytest.raises(CutroomError) as caught:
        await shared_storage.require_same(other)
    assert caught.value.code == "worker.storage-differs"
    await other.database.close()


def test_a_broker_needs_a_database_that_many_can_reach(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with pytest.raises(CutroomError) as caught:
        ground.make_broker(
            settings.model_copy(update={"broker": settings.broker.model_copy(update={"url": "redis://127.0.0.1"})})
        )
    assert caught.value.code == "broker.needs-postgres"
    with pytest.raises(CutroomError) as caught:
        Broker("http://127.0.0.1")
    assert caught.value.code == "broker.url-unknown"


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://guest:guest@127.0.0.1:1//"])
def test_a_broker_that_is_away_is_said_in_a_sentence(url: str) -> None:
    problem = Broker(url).problem()
    assert problem is not None
    assert "cannot be reached" in problem
    assert "guest" not in problem
