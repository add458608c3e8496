"""Sending deliveries: one attempt, what it leads to, and the loop that makes them.

A row that is worked on carries a lease: a loop that dies loses nothing, because another takes the row up when the lease
has run out. The receiver may so get a message twice, with the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from cutroom.core import clock
from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database, Transaction
from cutroom.db.lease_clock import LeaseClock
from cutroom.net.client import Answer, SafeClient
from cutroom.net.webhooks import outcomes, signing, store
from cutroom.net.webhooks.models import Delivery, Hook, Outcome, WebhookEvent

log = logging.getLogger(__name__)

AT_ONCE = 8
AT_ONCE_FOR_ONE = 2
"""A slow receiver must not keep the others waiting."""

LOOK_SECONDS = 1.0
PRUNE_SECONDS = 3600.0
_GRACE_SECONDS = 5.0
_EXCERPT_BYTES = 500
_AWAY = (CutroomError, SQLAlchemyError, OSError)
"""What a database raises that is restarting, or full."""


class Deliveries:
    """The loop. Any number of them may run, in any processes: the rows' leases keep them apart."""

    def __init__(
        self,
        database: Database,
        client: SafeClient,
        *,
        timeout_seconds: float = 15.0,
        keep_days: float = 30.0,
        give_up_hours: float = 120.0,
        waits: tuple[float, ...] = outcomes.WAITS,
    ) -> None:
        """`waits` are the pauses between attempts, in seconds; `give_up_hours` of failures turn a hook off."""
        self._database = database
        self._client = client
        self._timeout = timeout_seconds
        self._keep = int(keep_days * 24 * 3600 * clock.SECOND)
        self._give_up = int(give_up_hours * 3600 * clock.SECOND)
        self._waits = waits
        self._clock = LeaseClock(sqlite=database.is_sqlite)
        self._lease = int((timeout_seconds + _GRACE_SECONDS) * clock.SECOND)
        self._sending: dict[asyncio.Task[None], str] = {}

    async def run(self, leaving: asyncio.Event) -> None:
        """Deliver until `leaving` is set; what is under way then is given back and sent again by the next loop."""
        gone = asyncio.create_task(leaving.wait())
        pruned = -PRUNE_SECONDS
        try:
            while not leaving.is_set():
                try:
                    if time.monotonic() - pruned > PRUNE_SECONDS:
                        await self.prune()
                        pruned = time.monotonic()
                    await self._fill()
                except _AWAY as error:
                    log.warning("Webhooks cannot be looked up: %s", error)
                except Exception:  # the edge of the loop, which nobody would start again
                    log.exception("Looking up webhooks failed.")
                await asyncio.wait({gone, *self._sending}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def send_now(self, delivery_id: str) -> Delivery:
        """One attempt at a delivery that nobody has taken yet, here and now; the delivery as it is afterwards."""
        async with self._database.transaction() as tx:
            delivery = await store.take(tx.conn, self._clock, delivery_id, lease=self._lease, at=clock.now())
            hook = None if delivery is None else await store.get(tx.conn, delivery.hook_id)
        if delivery is None or hook is None:
            raise CutroomError("delivery.taken", "Another process sends this message already.")
        await self._attempt(hook, delivery)
        async with self._database.read() as conn:
            return await store.delivery(conn, hook.id, delivery.id) or delivery

    async def prune(self) -> int:
        """Forget deliveries that are older than they are kept; how many."""
        async with self._database.transaction() as tx:
            return await store.prune(tx.conn, before=clock.now() - self._keep)

    async def _fill(self) -> None:
        """Start as many attempts as there is room and work for."""
        if len(self._sending) >= AT_ONCE:
            return
        if not await self._database.look(lambda conn: store.due(conn, clock.now())):
            return
        while len(self._sending) < AT_ONCE and (found := await self._claim()) is not None:
            hook, delivery = found
            task = asyncio.create_task(self._work(hook, delivery))
            self._sending[task] = hook.id
            task.add_done_callback(self._sending.pop)

    async def _claim(self) -> tuple[Hook, Delivery] | None:
        busy = Counter(self._sending.values())
        full = [hook_id for hook_id, number in busy.items() if number >= AT_ONCE_FOR_ONE]
        async with self._database.transaction() as tx:
            delivery = await store.claim(tx.conn, self._clock, lease=self._lease, at=clock.now(), without=full)
            hook = None if delivery is None else await store.get(tx.conn, delivery.hook_id)
        return None if delivery is None or hook is None else (hook, delivery)

    async def _work(self, hook: Hook, delivery: Delivery) -> None:
        try:
            await self._attempt(hook, delivery)
        except asyncio.CancelledError:
            back = {"attempts": delivery.attempts - 1, "next_attempt_at": clock.now()}
            await self._settle(delivery, back)
        except Exception:  # the edge of an attempt: the lease runs out, and the message is sent again
            log.exception("%s: what became of it could not be written down.", delivery.id)

    async def _attempt(self, hook: Hook, delivery: Delivery) -> None:
        test = delivery.event == WebhookEvent.TEST.value
        waits = () if test else self._waits
        worn_out = delivery.attempts > len(waits) + 1
        outcome = outcomes.lost() if worn_out else await self._send(hook, delivery)
        values = outcomes.after(delivery, outcome, waits, at=clock.now(), scatter=random.uniform(0.85, 1.15))  # noqa: S311
        async with self._database.transaction() as tx:
            if await store.settle(tx.conn, delivery, values) and not test:
                await self._tell_hook(tx, hook.id, outcome, over=values["finished_at"] is not None)

    async def _tell_hook(self, tx: Transaction, hook_id: str, outcome: Outcome, *, over: bool) -> None:
        """Remember how the hook does; turn it off when it says so, or has failed for too long."""
        at = clock.now()
        if outcome.ok:
            await store.change(tx.conn, hook_id, {"failing_since": None, "delivered_at": at})
            return
        await store.note_failure(tx.conn, hook_id, at)
        hook = await store.get(tx.conn, hook_id)
        if hook is None or not hook.enabled:
            return
        # Only a message that has been tried to its end counts: one that failed once, long ago, is no verdict.
        note = outcomes.turned_off(outcome, failing=at - (hook.failing_since or at), give_up=self._give_up, over=over)
        if note is not None:
            await store.change(tx.conn, hook_id, {"enabled": 0, "note": note, "updated_at": at})
            log.warning("Webhook %s: %s", hook_id, note)

    async def _send(self, hook: Hook, delivery: Delivery) -> Outcome:
        at, body = clock.now(), delivery.body.encode()
        signed = signing.headers(delivery.message_id, at // clock.SECOND, body, hook.secrets_at(at))
        headers = {"content-type": "application/json", **signed}
        begun = time.monotonic()
        answer: Answer | None = None
        error: CutroomError | None = None
        try:
            answer = await self._client.post(
                hook.url, body, headers=headers, seconds=self._timeout, max_bytes=_EXCERPT_BYTES
            )
        except CutroomError as caught:
            error = caught
        return outcomes.of(answer, error, duration_ms=round((time.monotonic() - begun) * 1000))

    async def _settle(self, delivery: Delivery, values: Mapping[str, object]) -> None:
        try:
            async with self._database.transaction() as tx:
                await store.settle(tx.conn, delivery, values)
        except _AWAY as error:
            log.warning("%s could not be given back: %s", delivery.id, error)
