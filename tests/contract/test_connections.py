"""Limits of connections and statements, on both databases: what is stopped, what is said, what is counted."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.engine import Database
from cutroom.db.pooling import Pooling
from cutroom.db.statements import Statements, normalise
from cutroom.library.models import VideoFilter, Visibility
from tests.contract.postgres import tls_server
from tests.contract.test_library_rows import add, found, get, names_of

ENDLESS = {
    True: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    False: "SELECT pg_sleep(60)",
}


def opened(database_url: str, tmp_path: Path, **options: object) -> Database:
    return Database(database_url or f"sqlite:///{tmp_path}/cutroom.db", pooling=Pooling(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("way", ["look", "read", "transaction"])
async def test_a_statement_that_takes_too_long_is_stopped(database_url: str, tmp_path: Path, way: str) -> None:
    database = opened(database_url, tmp_path, query_seconds=0.2)
    endless = text(ENDLESS[database.is_sqlite])

    async def ask() -> None:
        if way == "look":
            await database.look(lambda conn: conn.execute(endless))
        elif way == "read":
            async with database.read() as conn:
                await conn.execute(endless)
        else:
            async with database.transaction() as tx:
                await tx.conn.execute(endless)

    for _ in range(2):  # the second on the same connection, which is as good as new
        with pytest.raises(CutroomError) as caught:
            await ask()
        assert (caught.value.code, caught.value.kind) == ("db.query-timeout", ErrorKind.UNAVAILABLE)
    await database.ping()
    await database.close()


async def test_what_is_unhurried_may_take_longer(database_url: str, tmp_path: Path) -> None:
    database = opened(database_url, tmp_path, query_seconds=0.2)
    long = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800000) SELECT count(*) FROM n"
        if database.is_sqlite
        else "SELECT pg_sleep(0.5)"
    )
    async with database.transaction(unhurried=True) as tx:
        assert len((await tx.conn.execute(text(long))).all()) == 1
    await database.close()


async def test_no_more_connections_than_allowed(database_url: str, tmp_path: Path) -> None:
    database = opened(database_url, tmp_path, size=1, overflow=1, wait_seconds=0.2)
    async with database.read() as one, database.read() as two:
        await one.execute(text("SELECT 1"))
        await two.execute(text("SELECT 1"))
        numbers = database.pool_numbers()
        assert (numbers.size, numbers.overflow, numbers.in_use, numbers.open) == (1, 1, 2, 2)
        with pytest.raises(CutroomError) as caught:
            await database.ping()
        assert (caught.value.code, caught.value.kind) == ("db.pool-exhausted", ErrorKind.UNAVAILABLE)
    await database.ping()
    assert database.pool_numbers().in_use == 0
    await database.close()


async def test_what_was_asked_is_counted_by_fingerprint(database_url: str, tmp_path: Path) -> None:
    counted = Statements(tmp_path / "statements", slow_seconds=0.3)
    database = Database(database_url or f"sqlite:///{tmp_path}/cutroom.db", statements=counted)
    question = text("SELECT 1 WHERE 1 IN (:a, :b)")
    for _ in range(5):
        async with database.read() as conn:
            await conn.execute(question, {"a": 1, "b": 2})
    await database.look(lambda conn: conn.execute(question, {"a": 3, "b": 4}))
    with pytest.raises(Exception, match="nowhere"):
        async with database.read() as conn:
            await conn.execute(text("SELECT * FROM nowhere"))
    found = {one.statement: one for one in counted.numbers().statements}
    same = next(one for shape, one in found.items() if "IN (?…)" in shape)
    assert (same.calls, same.failures, sum(same.classes.values())) == (6, 0, 6)
    failed = next(one for shape, one in found.items() if "nowhere" in shape)
    assert (failed.calls, failed.failures) == (1, 1)
    assert "3" not in same.statement.replace("$3", "")  # no values
    await database.close()


def test_lists_of_any_length_have_one_fingerprint() -> None:
    assert normalise("SELECT a\n FROM t WHERE b IN (?, ?, ?)") == normalise("SELECT a FROM t WHERE b IN (?)")
    assert normalise("IN ($1::VARCHAR, $2::VARCHAR)") == normalise("IN ($7::VARCHAR)")
    assert normalise("VALUES (?, ?), (?, ?), (?, ?)") == normalise("VALUES (?, ?)")
    assert normalise("WHERE a = ?") != normalise("WHERE b = ?")


async def test_a_server_that_hangs_is_given_up(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database_url:
        return  # SQLite has no server
    monkeypatch.setattr("cutroom.db.connect._HANGING_SECONDS", 0.3)
    database = opened(database_url, tmp_path, query_seconds=0.2)
    async with database.read() as conn:
        backend = (await conn.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        os.kill(backend, signal.SIGSTOP)
        try:
            with pytest.raises(CutroomError) as caught:
                async with asyncio.timeout(20):
                    await conn.execute(text("SELECT 1"))
        finally:
            os.kill(backend, signal.SIGCONT)
    assert caught.value.code == "db.query-timeout"
    await database.ping()
    await database.close()


async def test_nobody_is_there() -> None:
    database = Database("postgresql://cutroom@127.0.0.1:1/none")
    with pytest.raises(CutroomError) as caught:
        await database.ping()
    assert (caught.value.code, caught.value.kind) == ("db.unreachable", ErrorKind.UNAVAILABLE)
    await database.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing; run: apt-get install openssl")
async def test_tls_as_the_url_says(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (url, authority):
        asked = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        for query, encrypted in (
            (f"sslmode=verify-full&sslrootcert={authority}", True),
            ("sslmode=require", True),
            ("sslmode=disable", False),
        ):
            database = Database(f"{url}?{query}")
            async with database.read() as conn:
                assert (await conn.execute(asked)).scalar_one() is encrypted, query
            await database.close()
        stranger = tmp_path / "stranger.pem"
        certify(tmp_path, stranger)
        database = Database(f"{url}?sslmode=verify-full&sslrootcert={stranger}")
        with pytest.raises(CutroomError) as caught:
            await database.ping()
        assert caught.value.code == "db.unreachable"
        await database.close()


def certify(folder: Path, certificate: Path) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=stranger", "-days", "1"]
    subprocess.run([*words, "-keyout", folder / "stranger.key", "-out", certificate], check=True, capture_output=True)


async def test_many_rows_at_once_are_of_their_transaction(cutroom: Cutroom) -> None:
    names = [f"many {number:04}.mp4" for number in range(300)]
    with pytest.raises(ZeroDivisionError):
        await _add_and_fail(cutroom, names)
    assert await count_of(cutroom) == 0
    ids = await add(cutroom, *names)
    assert await count_of(cutroom) == len(ids) == 300
    video = await get(cutroom, ids[7])
    assert (video.name, video.probe, video.location) == ("many 0007.mp4", None, b"/footage/many 0007.mp4")
    assert await names_of(cutroom, where=VideoFilter(q="0299")) == ["many 0299.mp4"]


async def _add_and_fail(cutroom: Cutroom, names: list[str]) -> None:
    async with cutroom.database.transaction() as tx:
        files = [found(name) for name in names]
        await cutroom.library.add_reference(tx, files, owner_id=None, visibility=Visibility.SHARED)
        raise ZeroDivisionError


async def count_of(cutroom: Cutroom) -> int:
    async with cutroom.database.read() as conn:
        return (await conn.execute(text("SELECT count(*) FROM videos"))).scalar_one()
