import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cutroom.accounts.models import Principal, Role, Visit
from cutroom.accounts.service import AccountService
from cutroom.api import streams
from cutroom.api.streams import EventHub
from cutroom.db.engine import Database
from cutroom.events import service as events
from cutroom.events.models import OutboxRow

VISIT = Visit(remote="192.0.2.1", user_agent="test")


async def person(accounts: AccountService, database: Database, name: str, role: Role) -> Principal:
    system = Principal(account_id="acc_system", name="system", role=Role.ADMINISTRATOR)
    async with database.transaction() as tx:
        account = await accounts.create(tx, system, VISIT, name=name, role=role, password_hash=None)
        return (await accounts.sessions.open(tx, account, VISIT, how="test")).principal


async def say(database: Database, subject: str, audience: str = "*") -> None:
    async with database.transaction() as tx:
        await events.append(tx, "video.changed", subject, audience, {"id": subject})


class Reader:
    """Reads a stream's frames as (id, event, data)."""

    def __init__(self, frames: AsyncIterator[bytes]) -> None:
        self.frames = frames

    async def next(self, seconds: float = 5.0) -> tuple[str, ...]:
        frame = await asyncio.wait_for(anext(self.frames), seconds)
        return tuple(line.partition(": ")[2] for line in frame.decode().strip().splitlines())

    async def subject(self) -> str:
        return (await self.next())[2].split('"')[3]


async def ignore(row: OutboxRow) -> None:
    """What processes tell each other is of no interest here."""


@asynccontextmanager
async def running(database: Database, accounts: AccountService) -> AsyncIterator[EventHub]:
    hub = EventHub(database, accounts, between=ignore)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.close()


async def test_a_page_hears_what_it_may_see_and_nothing_else(database: Database, accounts: AccountService):
    ann = await person(accounts, database, "ann", Role.EDITOR)
    bo = await person(accounts, database, "bo", Role.EDITOR)
    admin = await person(accounts, database, "root", Role.ADMINISTRATOR)
    async with running(database, accounts) as hub:
        readers = [Reader(hub.stream(who, None)) for who in (ann, bo, admin)]
        for reader in readers:
            assert (await reader.next())[1] == "ready"
        await say(database, "vid_private", ann.account_id)
        await say(database, "vid_shared")
        assert [await readers[0].subject(), await readers[0].subject()] == ["vid_private", "vid_shared"]
        assert await readers[1].subject() == "vid_shared"
        assert [await readers[2].subject(), await readers[2].subject()] == ["vid_private", "vid_shared"]


async def test_resuming_brings_what_was_missed_once(database: Database, accounts: AccountService):
    ann = await person(accounts, database, "ann", Role.EDITOR)
    async with running(database, accounts) as hub:
        await say(database, "vid_1")
        first = Reader(hub.stream(ann, 0))
        number, _, _ = await first.next()
        for subject in ("vid_2", "vid_3"):
            await say(database, subject)
        again = Reader(hub.stream(ann, int(number)))
        await say(database, "vid_4")
        assert [await again.subject() for _ in range(3)] == ["vid_2", "vid_3", "vid_4"]


async def test_who_missed_too_much_is_told_to_load_anew(database: Database, accounts: AccountService):
    ann = await person(accounts, database, "ann", Role.EDITOR)
    async with running(database, accounts) as hub:
        await say(database, "vid_1")
        assert (await Reader(hub.stream(ann, 999)).next())[1] == "reset"


async def test_the_stream_ends_with_its_session(
    database: Database, accounts: AccountService, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(streams, "RECHECK_SECONDS", 0.1)
    ann = await person(accounts, database, "ann", Role.EDITOR)
    async with running(database, accounts) as hub:
        reader = Reader(hub.stream(ann, None))
        await reader.next()
        async with database.transaction() as tx:
            await accounts.sessions.end(tx, ann, VISIT, session_id=None)
        with pytest.raises(StopAsyncIteration):
            await reader.next()


async def test_closing_ends_every_stream_at_once(database: Database, accounts: AccountService):
    ann = await person(accounts, database, "ann", Role.EDITOR)
    async with running(database, accounts) as hub:
        reader = Reader(hub.stream(ann, None))
        await reader.next()
        waiting = asyncio.create_task(reader.next())
        await asyncio.sleep(0.05)
        hub.end_streams()
        with pytest.raises(StopAsyncIteration):
            await waiting


async def test_silence_is_broken_by_heartbeats(
    database: Database, accounts: AccountService, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(streams, "RECHECK_SECONDS", 0.05)
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.1)
    ann = await person(accounts, database, "ann", Role.EDITOR)
    async with running(database, accounts) as hub:
        frames = hub.stream(ann, None)
        await anext(frames)
        assert (await asyncio.wait_for(anext(frames), 2)).startswith(b":")


async def test_a_reader_that_never_reads_is_cut_off_and_costs_no_memory(
    database: Database, accounts: AccountService, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(streams, "_MOST_WAITING", 5)
    ann = await person(accounts, database, "ann", Role.EDITOR)
    async with running(database, accounts) as hub:
        reader = Reader(hub.stream(ann, None))
        await reader.next()
        for number in range(20):
            await say(database, f"vid_{number}")
        await asyncio.sleep(0.3)
        with pytest.raises(StopAsyncIteration):
            [await reader.next() for _ in range(20)]
