"""SQL of hooks and of their deliveries."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, and_, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.db.lease_clock import LeaseClock
from cutroom.net.webhooks.models import Delivery, DeliveryState, Hook
from cutroom.net.webhooks.tables import deliveries, webhooks

_FAR = 25 * 3_600 * clock.SECOND
"""No pause is this long: a later attempt comes from a clock that was set back since."""

_ENABLED = select(webhooks).where(webhooks.c.enabled == 1)  # asked at every event: built once
_COLUMNS = tuple(deliveries.c[name] for name in Delivery.__struct_fields__)
_PENDING = deliveries.c.state == DeliveryState.PENDING.value


async def enabled(conn: AsyncConnection) -> builtins.list[Hook]:
    """The hooks that want to be told of anything."""
    return [_hook(row) for row in (await conn.execute(_ENABLED)).mappings()]


async def all_hooks(conn: AsyncConnection) -> builtins.list[Hook]:
    """Every hook, oldest first."""
    return [_hook(row) for row in (await conn.execute(select(webhooks).order_by(webhooks.c.id))).mappings()]


async def get(conn: AsyncConnection, hook_id: str) -> Hook | None:
    """One hook."""
    row = (await conn.execute(select(webhooks).where(webhooks.c.id == hook_id))).mappings().first()
    return None if row is None else _hook(row)


async def add(conn: AsyncConnection, hook: Hook) -> None:
    """Write a new hook."""
    await conn.execute(insert(webhooks).values(msgspec.structs.asdict(hook) | {"enabled": int(hook.enabled)}))


async def change(conn: AsyncConnection, hook_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of one hook."""
    await conn.execute(update(webhooks).where(webhooks.c.id == hook_id).values(**values))


async def note_failure(conn: AsyncConnection, hook_id: str, at: int) -> None:
    """Remember the first failure after a success."""
    await conn.execute(
        update(webhooks).where(webhooks.c.id == hook_id, webhooks.c.failing_since.is_(None)).values(failing_since=at)
    )


async def remove(conn: AsyncConnection, hook_id: str) -> bool:
    """Delete a hook with its deliveries; whether there was one."""
    return (await conn.execute(delete(webhooks).where(webhooks.c.id == hook_id))).rowcount > 0


async def counts(conn: AsyncConnection) -> dict[str, dict[str, int]]:
    """How many deliveries of each hook are in each state."""
    query = select(deliveries.c.hook_id, deliveries.c.state, func.count()).group_by(
        deliveries.c.hook_id, deliveries.c.state
    )
    found: dict[str, dict[str, int]] = {}
    for hook_id, state, number in await conn.execute(query):
        found.setdefault(hook_id, {})[state] = number
    return found


async def put(conn: AsyncConnection, rows: Sequence[Delivery]) -> None:
    """Write deliveries that nobody works on yet."""
    if rows:
        values = [msgspec.structs.asdict(row) | {"state": row.state.value} for row in rows]
        await conn.execute(insert(deliveries), values)


async def delivery(conn: AsyncConnection, hook_id: str, delivery_id: str) -> Delivery | None:
    """One delivery of a hook."""
    wanted = select(*_COLUMNS).where(deliveries.c.id == delivery_id, deliveries.c.hook_id == hook_id)
    row = (await conn.execute(wanted)).mappings().first()
    return None if row is None else _delivery(row)


async def page(
    conn: AsyncConnection, hook_id: str, *, state: DeliveryState | None, after: tuple[int, str] | None, limit: int
) -> builtins.list[Delivery]:
    """A hook's deliveries, newest first."""
    wanted = select(*_COLUMNS).where(deliveries.c.hook_id == hook_id)
    if state is not None:
        wanted = wanted.where(deliveries.c.state == state.value)
    if after is not None:
        wanted = wanted.where(tuple_(deliveries.c.created_at, deliveries.c.id) < after)
    ordered = wanted.order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc()).limit(limit)
    return [_delivery(row) for row in (await conn.execute(ordered)).mappings()]


async def renew(conn: AsyncConnection, hook_id: str, delivery_id: str, at: int) -> Delivery | None:
    """Make a delivery pending again, with all its attempts, whoever works on it; None when there is none."""
    again = (
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.hook_id == hook_id)
        .values(
            state=DeliveryState.PENDING.value,
            attempts=0,
            fence=deliveries.c.fence + 1,
            next_attempt_at=at,
            lease_boot=None,
            lease_until=None,
            finished_at=None,
        )
        .returning(*_COLUMNS)
    )
    row = (await conn.execute(again)).mappings().one_or_none()
    return None if row is None else _delivery(row)


async def due(conn: AsyncConnection, at: int) -> bool:
    """Whether any delivery might be tried now; cheap, for the look of every second."""
    wanted = select(deliveries.c.id).where(_PENDING, _timely(at)).limit(1)
    return (await conn.execute(wanted)).first() is not None


async def claim(
    conn: AsyncConnection, lease_clock: LeaseClock, *, lease: int, at: int, without: Collection[str]
) -> Delivery | None:
    """Take the delivery that has waited longest, of enabled hooks other than those; two loops never get the same."""
    best = (
        select(deliveries.c.id)
        .where(
            _PENDING,
            _timely(at),
            or_(
                deliveries.c.lease_until.is_(None),
                lease_clock.expired(deliveries.c.lease_until, deliveries.c.lease_boot),
            ),
            deliveries.c.hook_id.in_(select(webhooks.c.id).where(webhooks.c.enabled == 1)),
        )
        .order_by(deliveries.c.next_attempt_at)
        .limit(1)
    )
    if without:
        best = best.where(deliveries.c.hook_id.not_in(without))
    if not lease_clock.sqlite:
        best = best.with_for_update(skip_locked=True)
    return await _take(conn, lease_clock, and_(deliveries.c.id == best.scalar_subquery()), lease=lease, at=at)


async def take(
    conn: AsyncConnection, lease_clock: LeaseClock, delivery_id: str, *, lease: int, at: int
) -> Delivery | None:
    """Take one delivery that nobody has."""
    free = and_(deliveries.c.id == delivery_id, deliveries.c.lease_until.is_(None))
    return await _take(conn, lease_clock, free, lease=lease, at=at)


async def settle(conn: AsyncConnection, delivery: Delivery, values: Mapping[str, Any]) -> bool:
    """Let go of a delivery with the outcome of an attempt; False when somebody else has it by now."""
    mine = (deliveries.c.id == delivery.id, deliveries.c.fence == delivery.fence, _PENDING)
    done = await conn.execute(update(deliveries).where(*mine).values(lease_boot=None, lease_until=None, **values))
    return done.rowcount > 0


async def prune(conn: AsyncConnection, *, before: int) -> int:
    """Delete deliveries older than an instant, whatever became of them; how many."""
    return (await conn.execute(delete(deliveries).where(deliveries.c.created_at < before))).rowcount


async def _take(conn: AsyncConnection, lease_clock: LeaseClock, which: Any, *, lease: int, at: int) -> Delivery | None:
    taken = (
        update(deliveries)
        .where(which)
        .values(
            attempts=deliveries.c.attempts + 1,
            fence=deliveries.c.fence + 1,
            attempted_at=at,
            lease_boot=lease_clock.boot,
            lease_until=lease_clock.now() + lease,
        )
        .returning(*_COLUMNS)
    )
    row = (await conn.execute(taken)).mappings().one_or_none()
    return None if row is None else _delivery(row)


def _timely(at: int) -> Any:
    return or_(deliveries.c.next_attempt_at <= at, deliveries.c.next_attempt_at > at + _FAR)


def _hook(row: RowMapping) -> Hook:
    return msgspec.convert({str(name): value for name, value in row.items()} | {"enabled": bool(row["enabled"])}, Hook)


def _delivery(row: RowMapping) -> Delivery:
    return msgspec.convert({str(name): value for name, value in row.items()}, Delivery)
