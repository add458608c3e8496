"""What the code above relies on, whichever database is below: transactions, callbacks, keys, documents, upgrades."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Column, Index, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError
from cutroom.db import base
from cutroom.db.engine import Database
from cutroom.db.upgrade import upgrade
from cutroom.library.tables import assets

TABLES = (
    "accounts assets audit clips inspections job_attempts job_needs jobs login_links outbox previews proxies "
    "facts sessions tokens videos video_counts video_tags search_documents search_slips search_terms "
    "scans scan_results scan_files scan_schedules file_hashes webhooks webhook_deliveries "
    "upload_sessions watched_folders signing_keys delivery_counts"
)


async def insert(conn: object, asset_id: str, content_hash: str | None = None) -> None:
    await conn.execute(  # type: ignore[attr-defined]
        assets.insert(), {"id": asset_id, "content_hash": content_hash, "size_bytes": 1 << 40, "created_at": 1}
    )


async def ids(cutroom: Cutroom) -> list[str]:
    async with cutroom.database.read() as conn:
        return list((await conn.execute(select(assets.c.id).order_by(assets.c.id))).scalars())


async def test_the_schema_is_what_the_tables_say(cutroom: Cutroom) -> None:
    async with cutroom.database.engine.connect() as conn:
        found = await conn.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        columns = await conn.run_sync(
            lambda sync: {
                (name, column["name"], column["nullable"])
                for name in TABLES.split()
                for column in inspect(sync).get_columns(name)
            }
        )
    shadows = {f"search_words{part}" for part in ("", "_config", "_data", "_docsize", "_idx")}
    wanted_tables = {*TABLES.split(), "alembic_version"}
    assert found == (wanted_tables | shadows if cutroom.database.is_sqlite else wanted_tables)
    wanted = {
        (table.name, column.name, bool(column.nullable))
        for table in base.metadata.tables.values()
        for column in table.c
        if here(column, cutroom)
    }
    assert columns == wanted


async def test_the_indexes_are_what_the_tables_say(cutroom: Cutroom) -> None:
    async with cutroom.database.engine.connect() as conn:
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            if cutroom.database.is_sqlite
            else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
        )
        found = set((await conn.execute(text(query))).scalars())
    every = (index for table in base.metadata.tables.values() for index in table.indexes)
    assert {index.name for index in every if here(index, cutroom)} <= found


def here(part: Column[object] | Index, cutroom: Cutroom) -> bool:
    """Whether a part of the schema belongs to this kind of database."""
    return part.info.get("only", cutroom.database.engine.dialect.name) == cutroom.database.engine.dialect.name


async def test_starting_again_changes_nothing(cutroom: Cutroom) -> None:
    async with cutroom.database.transaction() as tx:
        await insert(tx.conn, "ast_1")
    await container.start(cutroom)
    assert await ids(cutroom) == ["ast_1"]
    assert list(cutroom.data.backups.iterdir()) == []


async def test_a_newer_database_is_refused_in_one_sentence(cutroom: Cutroom) -> None:
    async with cutroom.database.transaction() as tx:
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CutroomError, match="newer than this Cutroom knows") as caught:
        await container.start(cutroom)
    assert caught.value.code == "db.newer"


async def test_an_error_undoes_the_transaction_and_its_callbacks(cutroom: Cutroom) -> None:
    told: list[str] = []

    async def tell() -> None:
        told.append("committed")

    async def fail() -> None:
        async with cutroom.database.transaction() as tx:
            await insert(tx.conn, "ast_1")
            tx.after_commit(tell)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await ids(cutroom) == []
    assert told == []


@pytest.mark.parametrize("durable", [False, True])
async def test_callbacks_run_after_the_commit(cutroom: Cutroom, durable: bool) -> None:
    seen: list[list[str]] = []

    async def look() -> None:
        seen.append(await ids(cutroom))

    async with cutroom.database.transaction(durable=durable) as tx:
        await insert(tx.conn, "ast_1")
        tx.after_commit(look)
        assert seen == []
    assert seen == [["ast_1"]]


async def test_a_reader_does_not_see_what_is_not_committed(cutroom: Cutroom) -> None:
    async with cutroom.database.transaction() as tx:
        await insert(tx.conn, "ast_1")
        assert await ids(cutroom) == []
    assert await ids(cutroom) == ["ast_1"]


async def test_a_look_sees_what_is_committed_and_one_moment_only(cutroom: Cutroom) -> None:
    async with cutroom.database.transaction() as tx:
        await insert(tx.conn, "ast_1")

    async def look(conn: AsyncConnection) -> list[str]:
        return list((await conn.execute(select(assets.c.id).order_by(assets.c.id))).scalars())

    assert await cutroom.database.look(look) == ["ast_1"]
    assert await asyncio.gather(*(cutroom.database.look(look) for _ in range(50))) == [["ast_1"]] * 50
    async with cutroom.database.transaction() as tx:
        await insert(tx.conn, "ast_2")
        assert await cutroom.database.look(look) == ["ast_1"]
    assert await cutroom.database.look(look) == ["ast_1", "ast_2"]


async def test_a_look_that_fails_leaves_the_next_one_alone(cutroom: Cutroom) -> None:
    async def fail(conn: AsyncConnection) -> None:
        await conn.execute(select(assets.c.id))
        raise CutroomError("test.failed", "It failed.")

    async def count(conn: AsyncConnection) -> int:
        return len((await conn.execute(select(assets.c.id))).all())

    for _ in range(20):
        with pytest.raises(CutroomError, match=r"It failed\."):
            await cutroom.database.look(fail)
    async with cutroom.database.transaction() as tx:
        await insert(tx.conn, "ast_1")
    assert await cutroom.database.look(count) == 1


async def test_a_look_on_sqlite_can_neither_write_nor_wait(cutroom: Cutroom) -> None:
    if not cutroom.database.is_sqlite:
        return

    async def write(conn: AsyncConnection) -> None:
        await insert(conn, "ast_1")

    async def wait(_conn: AsyncConnection) -> None:
        await asyncio.sleep(0)

    with pytest.raises(CutroomError, match="readonly"):
        await cutroom.database.look(write)
    with pytest.raises(RuntimeError, match="its connection only"):
        await cutroom.database.look(wait)
    assert await ids(cutroom) == []


async def test_a_part_can_be_undone(cutroom: Cutroom) -> None:
    async with cutroom.database.transaction() as tx:
        await insert(tx.conn, "ast_1", "xxh3-128:1")
        await insert(tx.conn, "ast_2")
        with pytest.raises(IntegrityError):
            async with tx.conn.begin_nested():
                await tx.conn.execute(assets.update().where(assets.c.id == "ast_2").values(content_hash="xxh3-128:1"))
    assert await ids(cutroom) == ["ast_1", "ast_2"]


async def test_writers_wait_for_each_other(cutroom: Cutroom) -> None:
    seen: list[int] = []

    async def write(number: int) -> None:
        async with cutroom.database.transaction() as tx:
            seen.append(len((await tx.conn.execute(select(assets.c.id))).all()))
            await asyncio.sleep(0.01)
            await insert(tx.conn, f"ast_{number}")

    await asyncio.gather(*(write(number) for number in range(10)))
    assert len(await ids(cutroom)) == 10
    if cutroom.database.is_sqlite:
        assert seen == list(range(10))


async def test_foreign_keys_hold(cutroom: Cutroom) -> None:
    with pytest.raises(IntegrityError):
        async with cutroom.database.transaction() as tx:
            await tx.conn.execute(
                text(
                    "INSERT INTO previews (asset_id, kind, prefix, detail, created_at) "
                    "VALUES ('ast_none', 'peaks', 'p', '{}', 1)"
                )
            )


async def test_large_numbers_keep_every_digit(cutroom: Cutroom) -> None:
    async with cutroom.database.transaction() as tx:
        await insert(tx.conn, "ast_1")
        row = (await tx.conn.execute(select(assets.c.size_bytes))).scalar_one()
    assert row == 1 << 40


async def test_a_database_on_a_network_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutroom.db.location.file_system_of", lambda _folder: "nfs4")
    settings = container.Settings(data=tmp_path)
    with pytest.raises(CutroomError, match="network share") as caught:
        container.build(settings)
    assert caught.value.code == "db.network-share"


async def test_processes_that_start_together_upgrade_one_after_another(database_url: str, tmp_path: Path) -> None:
    made = [Database(database_url or f"sqlite:///{tmp_path}/cutroom.db") for _ in range(3)]
    await asyncio.gather(*(upgrade(one, sqlite_path=None) for one in made))
    async with made[0].read() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM alembic_version"))).scalar() == 1
    for one in made:
        await one.close()
