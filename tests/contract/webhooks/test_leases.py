"""Several loops at once, and loops that die: every message arrives, and only one loop works on it at a time."""

from __future__ import annotations

from collections import Counter

from cutroom.core import clock
from cutroom.db.lease_clock import LeaseClock
from cutroom.net.webhooks import store
from cutroom.net.webhooks.models import Delivery, DeliveryState

from .conftest import Post, Receiver


async def claimed(post: Post, *, lease_seconds: float = 10.0) -> Delivery | None:
    """As a loop claims that dies a moment later."""
    async with post.database.transaction() as tx:
        return await store.claim(
            tx.conn,
            LeaseClock(sqlite=post.database.is_sqlite),
            lease=int(lease_seconds * clock.SECOND),
            at=clock.now(),
            without=[],
        )


async def test_three_loops_send_everything_once(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    for number in range(30):
        await post.emit(subject=f"job_{number}")
    done = await post.until_over(hook, post.loop(), post.loop(), post.loop())
    assert Counter(one.state for one in done) == {DeliveryState.DELIVERED: 30}
    assert len(receiver.asked) == 30
    assert len({asked.headers["webhook-id"] for asked in receiver.asked}) == 30


async def test_what_a_loop_died_over_is_sent_when_its_lease_ends(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    await post.emit()
    taken = await claimed(post, lease_seconds=0.8)
    assert taken is not None
    assert await claimed(post) is None
    await post.work(seconds=0.4)
    assert receiver.asked == []
    (done,) = await post.until_over(hook)
    assert (done.state, done.attempts, done.message_id) == (DeliveryState.DELIVERED, 2, taken.message_id)


async def test_a_late_outcome_changes_nothing(post: Post) -> None:
    hook = await post.hook()
    await post.emit()
    late = await claimed(post, lease_seconds=-1)
    newer = await claimed(post)
    assert late is not None
    assert newer is not None
    failed = {"state": DeliveryState.FAILED.value, "finished_at": clock.now()}
    async with post.database.transaction() as tx:
        assert not await store.settle(tx.conn, late, failed)
        assert await store.settle(tx.conn, newer, {"state": DeliveryState.DELIVERED.value})
    assert (await post.sent(hook))[0].state is DeliveryState.DELIVERED


async def test_a_loop_that_leaves_gives_back_what_it_was_sending(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    receiver.seconds = 5.0
    await post.emit()
    await post.work(post.loop(timeout_seconds=30.0), seconds=0.4)
    (waiting,) = await post.sent(hook)
    assert (waiting.state, waiting.attempts) == (DeliveryState.PENDING, 0)
    receiver.seconds = 0.0
    (done,) = await post.until_over(hook)
    assert (done.state, done.attempts) == (DeliveryState.DELIVERED, 1)


async def test_what_waits_for_a_hook_that_is_off_goes_when_it_is_on(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    await post.emit()
    async with post.database.transaction() as tx:
        await post.service.change(tx, hook.id, enabled=False)
    await post.work(seconds=0.2)
    assert receiver.asked == []
    async with post.database.transaction() as tx:
        await post.service.change(tx, hook.id, enabled=True)
    (done,) = await post.until_over(hook)
    assert done.state is DeliveryState.DELIVERED


async def test_a_message_whose_senders_keep_dying_is_given_up(post: Post, receiver: Receiver) -> None:
    hook = await post.hook()
    await post.emit()
    for _ in range(3):
        assert await claimed(post, lease_seconds=-1) is not None
    (done,) = await post.until_over(hook)
    assert (done.state, done.attempts, receiver.asked) == (DeliveryState.FAILED, 4, [])
    assert done.error is not None
    assert done.error["code"] == "webhook.lost"
