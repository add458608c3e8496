"""The verbs of webhooks: keep hooks, tell them of something, look at what became of it, send it again."""

from __future__ import annotations

import builtins
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.core.errors import CutroomError, ErrorKind, not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.net.webhooks import signing, store
from cutroom.net.webhooks.models import (
    SUBSCRIBABLE,
    Delivery,
    DeliveryPage,
    DeliveryState,
    Hook,
    WebhookEvent,
)

OVERLAP_SECONDS = 24 * 3600
"""How long the secret that was replaced signs beside the new one."""

MAX_PAGE = 500


class WebhookService:
    """Who calls: `bootstrap` on behalf of the domains, and entrances. Nothing here waits for the network."""

    async def emit(self, tx: Transaction, event: str, subject: str, payload: dict[str, Any]) -> None:
        """Tell every enabled hook that wants this event, in the transaction that makes it true.

        `subject` is the id of what it is about; `payload` becomes `data` of the message.
        """
        hooks = [hook for hook in await store.enabled(tx.conn) if event in hook.events]
        if hooks:
            at, message_id = clock.now(), new_id("msg")
            body = _body(event, subject, payload, at)
            await store.put(tx.conn, [_delivery(hook, message_id, event, subject, body, at) for hook in hooks])

    # Hooks

    async def list(self, conn: AsyncConnection) -> builtins.list[Hook]:
        """Every hook, oldest first."""
        return await store.all_hooks(conn)

    async def counts(self, conn: AsyncConnection) -> dict[str, dict[str, int]]:
        """How many deliveries of each hook are in each state: {hook: {state: number}}."""
        return await store.counts(conn)

    async def get(self, conn: AsyncConnection, hook_id: str) -> Hook:
        """One hook. Raises `webhook.not-found`."""
        hook = await store.get(conn, hook_id)
        if hook is None:
            raise not_found("webhook", hook_id)
        return hook

    async def create(
        self, tx: Transaction, *, url: str, events: builtins.list[str], secret: str | None = None, enabled: bool = True
    ) -> Hook:
        """A new hook; its `secret` is shown to a person this once. Check the URL with `SafeClient.check` first."""
        at = clock.now()
        hook = Hook(
            id=new_id("hook"),
            url=url,
            events=_checked(events),
            enabled=enabled,
            note=None,
            secret=signing.new_secret() if secret is None else signing.check_secret(secret),
            previous_secret=None,
            previous_until=None,
            failing_since=None,
            delivered_at=None,
            created_at=at,
            updated_at=at,
        )
        await store.add(tx.conn, hook)
        return hook

    async def change(
        self,
        tx: Transaction,
        hook_id: str,
        *,
        url: str | None = None,
        events: builtins.list[str] | None = None,
        enabled: bool | None = None,
    ) -> Hook:
        """Change what is not None. Enabling it again forgets its failures, and what waits for it is tried at once."""
        hook = await self.get(tx.conn, hook_id)
        values: dict[str, Any] = {"updated_at": clock.now()}
        if url is not None:
            values["url"] = url
        if events is not None:
            values["events"] = _checked(events)
        if enabled is not None and enabled != hook.enabled:
            values |= {"enabled": int(enabled), "note": None, "failing_since": None}
        await store.change(tx.conn, hook_id, values)
        return await self.get(tx.conn, hook_id)

    async def rotate_secret(self, tx: Transaction, hook_id: str, secret: str | None = None) -> Hook:
        """Give it a new secret; for a day the one before signs too, so that the receiver can change over."""
        hook = await self.get(tx.conn, hook_id)
        at = clock.now()
        values = {
            "secret": signing.new_secret() if secret is None else signing.check_secret(secret),
            "previous_secret": hook.secret,
            "previous_until": at + OVERLAP_SECONDS * clock.SECOND,
            "updated_at": at,
        }
        await store.change(tx.conn, hook_id, values)
        return await self.get(tx.conn, hook_id)

    async def delete(self, tx: Transaction, hook_id: str) -> None:
        """Forget a hook and what waits for it. Raises `webhook.not-found`."""
        if not await store.remove(tx.conn, hook_id):
            raise not_found("webhook", hook_id)

    # Deliveries

    async def deliveries(
        self,
        conn: AsyncConnection,
        hook_id: str,
        *,
        state: DeliveryState | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> DeliveryPage:
        """A hook's deliveries, newest first. Raises `webhook.not-found` and `webhook.bad-cursor`."""
        await self.get(conn, hook_id)
        limit = max(1, min(limit, MAX_PAGE))
        asked = ("deliveries", hook_id, state)
        begin = None if after is None else from_cursor(after, tuple[int, str], of=asked, code="webhook.bad-cursor")
        found = await store.page(conn, hook_id, state=state, after=begin, limit=limit + 1)
        items = found[:limit]
        more = len(found) > limit
        cursor = to_cursor((items[-1].created_at, items[-1].id), of=asked) if more else None
        return DeliveryPage(items=items, next=cursor)

    async def replay(self, tx: Transaction, hook_id: str, delivery_id: str) -> Delivery:
        """Send the same message again, now.

        Raises `webhook.not-found`, `webhook.disabled` and `delivery.not-found`.
        """
        hook = await self.get(tx.conn, hook_id)
        if not hook.enabled:
            raise CutroomError(
                "webhook.disabled",
                "The webhook is turned off, so nothing is sent to it.",
                hint="Turn it on first.",
                kind=ErrorKind.CONFLICT,
            )
        again = await store.renew(tx.conn, hook_id, delivery_id, clock.now())
        if again is None:
            raise not_found("delivery", delivery_id)
        return again

    async def add_test(self, tx: Transaction, hook_id: str) -> Delivery:
        """A test message for one hook, whatever it listens to; `Deliveries.send_now` sends it."""
        hook = await self.get(tx.conn, hook_id)
        at = clock.now()
        body = _body(WebhookEvent.TEST, hook.id, {"message": "This is a test from Cutroom."}, at)
        made = _delivery(hook, new_id("msg"), WebhookEvent.TEST.value, hook.id, body, at)
        await store.put(tx.conn, [made])
        return made


def _body(event: str, subject: str, payload: dict[str, Any], at: int) -> str:
    message = {"type": event, "timestamp": clock.iso(at), "subject": subject, "data": payload}
    return msgspec.json.encode(message).decode()


def _delivery(hook: Hook, message_id: str, event: str, subject: str, body: str, at: int) -> Delivery:
    return Delivery(
        id=new_id("del"),
        hook_id=hook.id,
        message_id=message_id,
        event=event,
        subject=subject,
        body=body,
        state=DeliveryState.PENDING,
        attempts=0,
        fence=0,
        next_attempt_at=at,
        attempted_at=None,
        duration_ms=None,
        response_status=None,
        response_excerpt=None,
        error=None,
        created_at=at,
        finished_at=None,
    )


def _checked(events: builtins.list[str]) -> builtins.list[str]:
    unknown = [event for event in events if event not in SUBSCRIBABLE]
    if unknown or not events:
        raise CutroomError(
            "webhook.events-invalid",
            f"There is no event {unknown[0]!r}." if unknown else "A webhook needs at least one event.",
            hint=f"The events are {', '.join(SUBSCRIBABLE)}.",
        )
    return [event for event in SUBSCRIBABLE if event in events]
