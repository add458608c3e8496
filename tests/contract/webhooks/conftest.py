"""A receiver that answers as it is told, and loops that deliver to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cutroom.db.engine import Database
from cutroom.net.addresses import Allowed
from cutroom.net.client import SafeClient
from cutroom.net.webhooks.delivering import Deliveries
from cutroom.net.webhooks.models import Delivery, DeliveryState, Hook
from cutroom.net.webhooks.service import WebhookService
from tests.local_servers import Asked, Place, reply, serving

CLIENT = SafeClient(Allowed.parse(["127.0.0.1"]))


class Receiver:
    """Answers `answer`, after `seconds`; at /slow after half a minute."""

    def __init__(self) -> None:
        self.answer = reply(200, b"thanks")
        self.seconds = 0.0
        self.place = Place()

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30.0 if asked.path == "/slow" else self.seconds)
        writer.write(self.answer)

    @property
    def asked(self) -> list[Asked]:
        return self.place.asked


class Post:
    """Hooks to that receiver, and what becomes of their deliveries."""

    def __init__(self, database: Database, receiver: Receiver) -> None:
        self.database = database
        self.receiver = receiver
        self.service = WebhookService()

    async def hook(self, *events: str, path: str = "/hook", **more: Any) -> Hook:
        async with self.database.transaction() as tx:
            return await self.service.create(
                tx, url=self.receiver.place.url(path), events=list(events or ("job.failed",)), **more
            )

    async def emit(self, event: str = "job.failed", subject: str = "job_1", **payload: Any) -> None:
        async with self.database.transaction() as tx:
            await self.service.emit(tx, event, subject, payload)

    async def look(self, hook: Hook) -> Hook:
        async with self.database.read() as conn:
            return await self.service.get(conn, hook.id)

    async def sent(self, hook: Hook, **more: Any) -> list[Delivery]:
        """Its deliveries, newest first."""
        async with self.database.read() as conn:
            return (await self.service.deliveries(conn, hook.id, **more)).items

    def loop(self, **more: Any) -> Deliveries:
        return Deliveries(self.database, CLIENT, **{"timeout_seconds": 2.0, "waits": (0.0, 0.0)} | more)

    async def work(self, *loops: Deliveries, seconds: float = 0.6) -> None:
        """Run loops (one, unless given) for a while."""
        leaving = asyncio.Event()
        running = [asyncio.create_task(loop.run(leaving)) for loop in loops or (self.loop(),)]
        await asyncio.sleep(seconds)
        leaving.set()
        await asyncio.gather(*running)

    async def until_over(self, hook: Hook, *loops: Deliveries, seconds: float = 10.0) -> list[Delivery]:
        """Run loops until nothing is pending."""
        leaving = asyncio.Event()
        running = [asyncio.create_task(loop.run(leaving)) for loop in loops or (self.loop(),)]
        try:
            async with asyncio.timeout(seconds):
                while await self.sent(hook, state=DeliveryState.PENDING):
                    await asyncio.sleep(0.02)
        finally:
            leaving.set()
            await asyncio.gather(*running)
        return await self.sent(hook, limit=500)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    async with serving(made) as place:
        made.place = place
        yield made


@pytest.fixture
def post(database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setattr("cutroom.net.webhooks.delivering.LOOK_SECONDS", 0.05)
    return Post(database, receiver)
