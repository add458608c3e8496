"""SQL of proxies and previews."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.ids import new_id
from cutroom.db.prepared import Prepared, among
from cutroom.proxies.models import Preview, PreviewKind, Proxy
from cutroom.proxies.tables import previews, proxies


@cache
def _previews(dialect: str) -> Prepared:
    return Prepared(select(previews).where(among(previews.c.asset_id, "wanted", dialect)))


async def previews_of(conn: AsyncConnection, asset_ids: Collection[str]) -> list[Preview]:
    """All previews of some assets."""
    return [_preview(row) for row in await _previews(conn.dialect.name).rows(conn, {"wanted": list(asset_ids)})]


async def put_preview(conn: AsyncConnection, preview: Preview) -> None:
    """Write a preview, in place of an earlier one of its kind."""
    values = {
        "asset_id": preview.asset_id,
        "kind": preview.kind.value,
        "prefix": preview.prefix,
        "detail": preview.detail,
        "created_at": preview.created_at,
    }
    dialect_insert = insert_sqlite if conn.dialect.name == "sqlite" else insert_postgresql
    statement = dialect_insert(previews).values(values)
    newer = {name: statement.excluded[name] for name in ("prefix", "detail", "created_at")}
    await conn.execute(statement.on_conflict_do_update(index_elements=["asset_id", "kind"], set_=newer))


async def of_recipe(conn: AsyncConnection, asset_id: str, recipe: str) -> Proxy | None:
    """An asset's ladder under one recipe."""
    found = await conn.execute(select(proxies).where(proxies.c.asset_id == asset_id, proxies.c.recipe == recipe))
    row = found.first()
    return None if row is None else _proxy(row)


async def of_asset(conn: AsyncConnection, asset_id: str) -> list[Proxy]:
    """Every ladder of an asset, the newest first."""
    found = await conn.execute(
        select(proxies).where(proxies.c.asset_id == asset_id).order_by(proxies.c.created_at.desc())
    )
    return [_proxy(row) for row in found]


async def begin(conn: AsyncConnection, asset_id: str, recipe: str) -> None:
    """Make sure that the ladder has a row; one that failed counts as under way again."""
    row = {
        "id": new_id("prx"),
        "asset_id": asset_id,
        "recipe": recipe,
        "state": "encoding",
        "rungs": [],
        "size_bytes": 0,
        "created_at": clock.now(),
    }
    again = {"state": "encoding", "error": None}
    # One statement: the ladder's job and the fill of a first segment may begin it on two machines at once.
    dialect_insert = insert_sqlite if conn.dialect.name == "sqlite" else insert_postgresql
    statement = dialect_insert(proxies).values(row)
    await conn.execute(statement.on_conflict_do_update(index_elements=["asset_id", "recipe"], set_=again))


async def change(conn: AsyncConnection, asset_id: str, recipe: str, values: dict[str, Any]) -> None:
    """Set columns of a ladder's row, if there is one."""
    await conn.execute(update(proxies).where(proxies.c.asset_id == asset_id, proxies.c.recipe == recipe).values(values))


async def finished(conn: AsyncConnection, before: int, *, limit: int) -> list[Proxy]:
    """Ladders that were finished before an instant, the oldest first."""
    query = select(proxies).where(proxies.c.state == "ready", proxies.c.finished_at < before)
    found = await conn.execute(query.order_by(proxies.c.finished_at).limit(limit))
    return [_proxy(row) for row in found]


async def count_finished(conn: AsyncConnection, before: int) -> int:
    """How many those are."""
    query = select(func.count()).where(proxies.c.state == "ready", proxies.c.finished_at < before)
    return int((await conn.execute(query)).scalar_one())


async def forget_ladder(conn: AsyncConnection, proxy_id: str) -> None:
    """Remove one ladder's row."""
    await conn.execute(delete(proxies).where(proxies.c.id == proxy_id))


async def forget(conn: AsyncConnection, asset_id: str) -> None:
    """Remove every row of an asset."""
    await conn.execute(delete(proxies).where(proxies.c.asset_id == asset_id))
    await conn.execute(delete(previews).where(previews.c.asset_id == asset_id))


def _preview(row: Mapping[str, Any]) -> Preview:
    return Preview(
        asset_id=row["asset_id"],
        kind=PreviewKind(row["kind"]),
        prefix=row["prefix"],
        detail=row["detail"],
        created_at=row["created_at"],
    )


def _proxy(row: Row[Any]) -> Proxy:
    return Proxy(**row._mapping)
