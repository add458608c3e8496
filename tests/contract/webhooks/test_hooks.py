"""Hooks themselves: their secrets, changes, lists, replays."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from cutroom.core import clock
from cutroom.core.errors import CutroomError
from cutroom.net.webhooks.models import DeliveryState
from cutroom.net.webhooks.tables import webhooks
from tests.local_servers import reply

from .conftest import Post, Receiver
from .test_delivering import signature


async def test_both_secrets_sign_for_a_day_after_a_change(post: Post, receiver: Receiver) -> None:
    old = await post.hook()
    async with post.database.transaction() as tx:
        new = await post.service.rotate_secret(tx, old.id)
    assert new.secret != old.secret
    await post.emit()
    await post.until_over(new)
    async with post.database.transaction() as tx:
        await tx.conn.execute(update(webhooks).values(previous_until=clock.now()))
    await post.emit()
    await post.until_over(new)
    first, second = receiver.asked
    assert first.headers["webhook-signature"] == f"{signature(new.secret, first)} {signature(old.secret, first)}"
    assert second.headers["webhook-signature"] == signature(new.secret, second)


async def test_a_replay_is_the_same_message(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    receiver.answer = reply(500)
    await post.emit()
    (failed,) = await post.until_over(hook)
    receiver.answer = reply(200)
    async with post.database.transaction() as tx:
        again = await post.service.replay(tx, hook.id, failed.id)
    assert (again.state, again.attempts) == (DeliveryState.PENDING, 0)
    (done,) = await post.until_over(hook)
    assert (done.id, done.state, done.attempts) == (failed.id, DeliveryState.DELIVERED, 1)
    assert len({asked.headers["webhook-id"] for asked in receiver.asked}) == 1


async def test_what_cannot_be_done_is_said(post: Post) -> None:
    hook = await post.hook(enabled=False)
    async with post.database.transaction() as tx:
        for code, doing in (
            ("webhook.not-found", post.service.replay(tx, "hook_none", "del_1")),
            ("webhook.disabled", post.service.replay(tx, hook.id, "del_1")),
            ("webhook.not-found", post.service.change(tx, "hook_none", enabled=True)),
            ("webhook.not-found", post.service.rotate_secret(tx, "hook_none")),
            ("webhook.not-found", post.service.delete(tx, "hook_none")),
            ("webhook.events-invalid", post.service.create(tx, url="http://x/", events=["video.deleted"])),
            ("webhook.events-invalid", post.service.create(tx, url="http://x/", events=[])),
            ("webhook.events-invalid", post.service.create(tx, url="http://x/", events=["test"])),
            ("webhook.secret-invalid", post.service.rotate_secret(tx, hook.id, "whsec_c2hvcnQ=")),
            ("webhook.secret-invalid", post.service.rotate_secret(tx, hook.id, "hunter2")),
            ("webhook.bad-cursor", post.service.deliveries(tx.conn, hook.id, after="²")),
        ):
            with pytest.raises(CutroomError) as caught:
                await doing
            assert caught.value.code == code
        await post.service.change(tx, hook.id, enabled=True)
        with pytest.raises(CutroomError) as caught:
            await post.service.replay(tx, hook.id, "del_none")
    assert caught.value.code == "delivery.not-found"


async def test_deliveries_are_listed_page_by_page_and_by_state(post: Post) -> None:
    hook, other = await post.hook(), await post.hook()
    for number in range(5):
        await post.emit(subject=f"job_{number}")
    seen: list[str] = []
    after = None
    async with post.database.read() as conn:
        while True:
            page = await post.service.deliveries(conn, hook.id, limit=2, after=after)
            seen += [one.subject for one in page.items]
            if (after := page.next) is None:
                break
        failed = await post.service.deliveries(conn, hook.id, state=DeliveryState.FAILED)
        counts = await post.service.counts(conn)
    assert seen == [f"job_{number}" for number in (4, 3, 2, 1, 0)]
    assert failed.items == []
    assert counts == {hook.id: {"pending": 5}, other.id: {"pending": 5}}
    mine, theirs = await post.sent(hook), await post.sent(other)
    assert [one.message_id for one in mine] == [one.message_id for one in theirs]


async def test_a_hook_that_goes_takes_its_deliveries_along(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    await post.emit()
    async with post.database.transaction() as tx:
        await post.service.delete(tx, hook.id)
    await post.work(seconds=0.2)
    assert receiver.asked == []
    async with post.database.read() as conn:
        assert await post.service.counts(conn) == {}
