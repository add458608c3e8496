"""Webhooks: where messages go, what became of them, and sending them again."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.api.access import Administrator, Services, Visitor
from cutroom.api.routes.videos import After, Limit
from cutroom.api.schemas.webhooks import (
    DeliveryPage,
    DeliveryShape,
    DeliveryStateName,
    SecretRequest,
    WebhookChange,
    WebhookPage,
    WebhookRequest,
    WebhookSecret,
    WebhookShape,
)
from cutroom.net.webhooks.models import Delivery, DeliveryState, Hook

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


@router.get("")
async def list_webhooks(services: Services, _: Administrator) -> WebhookPage:
    """Every webhook, oldest first; secrets are never shown again."""

    async def look(conn: AsyncConnection) -> WebhookPage:
        counts = await services.webhooks.counts(conn)
        found = await services.webhooks.list(conn)
        return WebhookPage(items=[_shape(hook, counts.get(hook.id, {})) for hook in found], next=None)

    return await services.database.look(look)


@router.post("", status_code=201)
async def create_webhook(
    services: Services, caller: Administrator, visitor: Visitor, asked: WebhookRequest
) -> WebhookSecret:
    """Add a webhook; the answer shows its secret this once."""
    await services.client.check(asked.url)
    async with services.database.transaction(durable=True) as tx:
        hook = await services.webhooks.create(
            tx, url=asked.url, events=list(asked.events), secret=asked.secret, enabled=asked.enabled
        )
        await services.accounts.audit.record(tx, caller, "webhook.create", hook.id, visitor, events=hook.events)
    return WebhookSecret(webhook=_shape(hook, {}), secret=hook.secret)


@router.patch("/{hook_id}")
async def change_webhook(
    hook_id: str, services: Services, caller: Administrator, visitor: Visitor, asked: WebhookChange
) -> WebhookShape:
    """Change its URL or events, or turn it on or off."""
    if asked.url is not None:
        await services.client.check(asked.url)
    async with services.database.transaction(durable=True) as tx:
        events: list[str] | None = None if asked.events is None else list(asked.events)
        hook = await services.webhooks.change(tx, hook_id, url=asked.url, events=events, enabled=asked.enabled)
        changed = sorted(asked.model_fields_set)
        await services.accounts.audit.record(tx, caller, "webhook.change", hook_id, visitor, changed=changed)
        counts = await services.webhooks.counts(tx.conn)
    return _shape(hook, counts.get(hook_id, {}))


@router.delete("/{hook_id}", status_code=204)
async def delete_webhook(hook_id: str, services: Services, caller: Administrator, visitor: Visitor) -> None:
    """Forget a webhook, its deliveries and what waits for it."""
    async with services.database.transaction(durable=True) as tx:
        await services.webhooks.delete(tx, hook_id)
        await services.accounts.audit.record(tx, caller, "webhook.delete", hook_id, visitor)


@router.post("/{hook_id}/rotate-secret")
async def rotate_webhook_secret(
    hook_id: str, services: Services, caller: Administrator, visitor: Visitor, asked: SecretRequest
) -> WebhookSecret:
    """Give it a new secret, shown this once; for a day the one before signs as well."""
    async with services.database.transaction(durable=True) as tx:
        hook = await services.webhooks.rotate_secret(tx, hook_id, asked.secret)
        await services.accounts.audit.record(tx, caller, "webhook.rotate-secret", hook_id, visitor)
        counts = await services.webhooks.counts(tx.conn)
    return WebhookSecret(webhook=_shape(hook, counts.get(hook_id, {})), secret=hook.secret)


@router.post("/{hook_id}/test")
async def send_test(hook_id: str, services: Services, _: Administrator) -> DeliveryShape:
    """Send a test message now, once, and answer what came of it; also when the webhook is off."""
    async with services.database.transaction() as tx:
        made = await services.webhooks.add_test(tx, hook_id)
    return _delivery(await services.deliveries.send_now(made.id))


@router.get("/{hook_id}/deliveries")
async def list_deliveries(
    hook_id: str,
    services: Services,
    _: Administrator,
    state: DeliveryStateName | None = None,
    limit: Limit = 50,
    after: After = None,
) -> DeliveryPage:
    """Messages to it, newest first."""
    wanted = DeliveryState(state) if state else None

    async def look(conn: AsyncConnection) -> DeliveryPage:
        page = await services.webhooks.deliveries(conn, hook_id, state=wanted, limit=limit, after=after)
        return DeliveryPage(items=[_delivery(one) for one in page.items], next=page.next)

    return await services.database.look(look)


@router.post("/{hook_id}/deliveries/{delivery_id}/replay", status_code=202)
async def replay_delivery(
    hook_id: str, delivery_id: str, services: Services, caller: Administrator, visitor: Visitor
) -> DeliveryShape:
    """Send a message again, under the same id, with all its attempts."""
    async with services.database.transaction(durable=True) as tx:
        again = await services.webhooks.replay(tx, hook_id, delivery_id)
        await services.accounts.audit.record(tx, caller, "webhook.replay", hook_id, visitor, delivery=delivery_id)
    return _delivery(again)


def _shape(hook: Hook, counts: dict[str, int]) -> WebhookShape:
    return WebhookShape(**_kept(hook, WebhookShape), pending=counts.get("pending", 0), failed=counts.get("failed", 0))


def _delivery(delivery: Delivery) -> DeliveryShape:
    return DeliveryShape(**_kept(delivery, DeliveryShape))


def _kept(value: Hook | Delivery, shape: type[WebhookShape] | type[DeliveryShape]) -> dict[str, Any]:
    """The fields that are shown; a secret is not among them."""
    given: dict[str, Any] = msgspec.to_builtins(value)
    return {name: given[name] for name in shape.model_fields if name in given}
