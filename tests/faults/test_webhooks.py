"""A process that delivers webhooks is killed while the receiver thinks: the message comes again, under the same id."""

from __future__ import annotations

import asyncio
import time

import pytest

from cutroom.net.webhooks.models import Delivery, DeliveryState
from cutroom.net.webhooks.service import WebhookService
from tests.faults.conftest import Room
from tests.local_servers import Asked, reply, serving

LEASE_SECONDS = 6.0

pytestmark = pytest.mark.fault


async def test_a_killed_sender_loses_nothing(room: Room) -> None:
    began, answering = asyncio.Event(), asyncio.Event()

    async def think(_: Asked, writer: asyncio.StreamWriter) -> None:
        began.set()
        await answering.wait()
        writer.write(reply(200))

    service = WebhookService()
    async with serving(think) as place:
        async with room.database.transaction() as tx:
            hook = await service.create(tx, url=place.url(), events=["job.failed"])
            await service.emit(tx, "job.failed", "job_1", {})
        sender = room.deliver()
        async with asyncio.timeout(20):
            await began.wait()
        sender.kill()
        sender.wait()
        answering.set()
        killed = time.monotonic()
        room.deliver()
        room.deliver()
        done = await until_over(room, service, hook.id)
        assert time.monotonic() - killed < LEASE_SECONDS + 4
        await asyncio.sleep(1.5)
    assert (done.state, done.attempts) == (DeliveryState.DELIVERED, 2)
    assert [asked.headers["webhook-id"] for asked in place.asked] == [done.message_id] * 2


async def until_over(room: Room, service: WebhookService, hook_id: str) -> Delivery:
    async with asyncio.timeout(30):
        while True:
            async with room.database.read() as conn:
                (delivery,) = (await service.deliveries(conn, hook_id)).items
            if delivery.finished_at is not None:
                return delivery
            await asyncio.sleep(0.05)
