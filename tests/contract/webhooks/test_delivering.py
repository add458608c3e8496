"""From an announcement to the receiver: who is told, when it is tried again, and what ends it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from email.utils import formatdate
from time import time

import pytest
from sqlalchemy import update

from cutroom.core import clock
from cutroom.core.errors import CutroomError
from cutroom.net.webhooks import outcomes
from cutroom.net.webhooks.models import DeliveryState
from cutroom.net.webhooks.tables import deliveries, webhooks
from tests.local_servers import Asked, reply

from .conftest import Post, Receiver


def signature(secret: str, asked: Asked) -> str:
    """As a receiver works it out by the specification."""
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


async def test_a_message_says_what_happened_and_is_signed(post: Post, receiver: Receiver) -> None:
    hook = await post.hook("video.ready", "job.failed")
    await post.emit("video.ready", "vid_1", name="Größe.mp4", findings=[{"code": "x"}])
    (done,) = await post.until_over(hook)
    assert (done.state, done.attempts, done.response_status) == (DeliveryState.DELIVERED, 1, 200)
    assert (done.response_excerpt, done.error, done.next_attempt_at) == ("thanks", None, None)
    (asked,) = receiver.asked
    message = json.loads(asked.body)
    assert message == {
        "type": "video.ready",
        "timestamp": clock.iso(done.created_at),
        "subject": "vid_1",
        "data": {"name": "Größe.mp4", "findings": [{"code": "x"}]},
    }
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["webhook-id"] == done.message_id
    assert abs(int(asked.headers["webhook-timestamp"]) - time()) < 5
    assert asked.headers["webhook-signature"] == signature(hook.secret, asked)
    assert (await post.look(hook)).delivered_at is not None


async def test_only_hooks_that_are_on_and_listen_are_told(post: Post) -> None:
    listens, deaf = await post.hook("job.failed"), await post.hook("clip.done")
    off = await post.hook("job.failed", enabled=False)
    await post.emit("job.failed")
    await post.emit("scan.finished")
    assert [len(await post.sent(hook)) for hook in (listens, deaf, off)] == [1, 0, 0]


async def test_what_is_rolled_back_is_not_told(post: Post) -> None:
    hook = await post.hook()

    async def fail() -> None:
        async with post.database.transaction() as tx:
            await post.service.emit(tx, "job.failed", "job_1", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await post.sent(hook) == []


async def test_a_failure_is_tried_again_as_the_same_message(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    receiver.answer = reply(500, b"out of\0 order")
    await post.emit()
    (done,) = await post.until_over(hook)
    assert (done.state, done.attempts) == (DeliveryState.FAILED, 3)
    assert (done.response_status, done.response_excerpt) == (500, "out of\N{REPLACEMENT CHARACTER} order")
    assert done.error is not None
    assert done.error["message"] == "The receiver answered 500."
    assert {asked.headers["webhook-id"] for asked in receiver.asked} == {done.message_id}
    assert len({asked.body for asked in receiver.asked}) == 1
    kept = await post.look(hook)
    assert (kept.enabled, kept.failing_since is not None) == (True, True)

    receiver.answer = reply(204)
    await post.emit()
    await post.until_over(hook)
    assert (await post.look(hook)).failing_since is None


async def test_no_answer_is_a_failure_with_its_reason(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    receiver.seconds = 30.0
    await post.emit()
    (done,) = await post.until_over(hook, post.loop(timeout_seconds=0.2, waits=()))
    assert (done.state, done.response_status) == (DeliveryState.FAILED, None)
    assert done.error is not None
    assert done.error["code"] == "net.timed-out"


async def test_a_redirect_is_a_failure_and_is_not_followed(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    receiver.answer = reply(302, location=receiver.place.url("/elsewhere"))
    await post.emit()
    (done,) = await post.until_over(hook, post.loop(waits=()))
    assert [asked.path for asked in receiver.asked] == ["/hook"]
    assert "redirect" in str(done.error)


async def test_the_pauses_grow_to_about_a_day(post: Post, receiver: Receiver) -> None:
    assert len(outcomes.WAITS) == 8
    assert 23 * 3600 < sum(outcomes.WAITS) < 25 * 3600
    hook = await post.hook()
    receiver.answer = reply(503)
    await post.emit()
    await post.work(post.loop(waits=outcomes.WAITS), seconds=0.3)
    (waiting,) = await post.sent(hook)
    assert waiting.state is DeliveryState.PENDING
    assert waiting.next_attempt_at is not None
    assert waiting.attempted_at is not None
    assert 4.2 < (waiting.next_attempt_at - waiting.attempted_at) / clock.SECOND < 6.5


@pytest.mark.parametrize("as_date", [False, True])
async def test_a_receiver_that_asks_for_a_pause_gets_it(post: Post, receiver: Receiver, as_date: bool) -> None:
    header = formatdate(time() + 3600, usegmt=True) if as_date else "3600"
    hook = await post.hook()
    receiver.answer = reply(429, retry_after=header)
    await post.emit()
    await post.work(seconds=0.3)
    (waiting,) = await post.sent(hook)
    assert waiting.next_attempt_at is not None
    assert 3500 < (waiting.next_attempt_at - clock.now()) / clock.SECOND < 3700


async def test_who_says_gone_is_told_nothing_more(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    receiver.answer = reply(410)
    await post.emit()
    (done,) = await post.until_over(hook)
    kept = await post.look(hook)
    assert (done.state, done.attempts, kept.enabled) == (DeliveryState.FAILED, 1, False)
    assert "410" in (kept.note or "")
    await post.emit()
    assert len(await post.sent(hook)) == 1
    async with post.database.transaction() as tx:
        again = await post.service.change(tx, hook.id, enabled=True)
    assert (again.enabled, again.note, again.failing_since) == (True, None, None)


async def test_a_hook_that_fails_for_days_is_turned_off_with_a_note(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    receiver.answer = reply(500)
    for days, enabled in ((4, True), (6, False)):
        since = clock.now() - days * 24 * 3600 * clock.SECOND
        async with post.database.transaction() as tx:
            await tx.conn.execute(update(webhooks).values(failing_since=since))
        await post.emit()
        await post.until_over(hook)
        assert (await post.look(hook)).enabled is enabled
    note = (await post.look(hook)).note
    assert note == "Turned off: nothing could be delivered for 6 days. The receiver answered 500."


async def test_one_slow_receiver_keeps_nobody_waiting(post: Post, receiver: Receiver) -> None:
    await post.hook("clip.done", path="/slow")
    for number in range(12):
        await post.emit("clip.done", f"clp_{number}")
    quick = await post.hook("job.failed")
    await post.emit("job.failed")
    (done,) = await post.until_over(quick, post.loop(timeout_seconds=30.0), seconds=5.0)
    assert done.state is DeliveryState.DELIVERED
    assert [asked.path for asked in receiver.asked] == ["/slow", "/slow", "/hook"]


async def test_old_deliveries_are_forgotten(post: Post) -> None:
    hook = await post.hook()
    await post.emit()
    await post.emit()
    old = (await post.sent(hook))[1]
    async with post.database.transaction() as tx:
        ago = clock.now() - 31 * 24 * 3600 * clock.SECOND
        await tx.conn.execute(update(deliveries).where(deliveries.c.id == old.id).values(created_at=ago))
    await post.until_over(hook)
    assert old.id not in [one.id for one in await post.sent(hook)]
    assert len(await post.sent(hook)) == 1


async def test_a_test_is_one_attempt_and_leaves_the_hook_as_it_is(post: Post, receiver: Receiver) -> None:
    hook = await post.hook(enabled=False)
    for answer, state in ((reply(200, b"hello"), DeliveryState.DELIVERED), (reply(410), DeliveryState.FAILED)):
        receiver.answer = answer
        async with post.database.transaction() as tx:
            made = await post.service.add_test(tx, hook.id)
        done = await post.loop().send_now(made.id)
        assert (done.state, done.attempts, done.event) == (state, 1, "test")
        with pytest.raises(CutroomError):
            await post.loop().send_now("del_none")
    assert (await post.look(hook)) == hook
