"""The tuning files of deploy/: the real servers take every line, and each line says why."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from cutroom.db.connect import async_url
from cutroom.db.engine import Database
from cutroom.monitoring.slow import report
from tests.contract.postgres import server, services

DEPLOY = Path(__file__).parents[2] / "deploy"


def settings_of(name: str) -> dict[str, str]:
    """The settings of a file; each line has its reason, behind it or (Redis knows no other way) above it."""
    found, above = {}, ""
    for line in (DEPLOY / name).read_text().splitlines():
        setting, _, reason = line.partition("#")
        if setting.strip():
            assert len((reason or above).strip()) > 20, f"no reason for {line!r}"
            key, _, value = setting.strip().partition(" ")
            found[key] = value.strip().removeprefix("=").strip().strip("'\"")
        above = reason
    return found


async def test_postgresql_takes_every_line(tmp_path: Path) -> None:
    wanted = settings_of("postgresql.conf")
    with server(include=DEPLOY / "postgresql.conf") as url:
        engine = create_async_engine(async_url(url))
        async with engine.connect() as conn:
            rows = await conn.execute(text("SELECT name, setting, unit, sourcefile FROM pg_settings"))
            taken = {row.name for row in rows if row.sourcefile and row.sourcefile.endswith("cutroom.conf")}
            broken = (
                await conn.execute(text("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL"))
            ).all()
            await conn.execute(text("CREATE EXTENSION pg_stat_statements"))
            await conn.commit()
        await engine.dispose()
        assert broken == []
        assert taken == set(wanted)
        await _server_counts(url, tmp_path)


async def _server_counts(url: str, folder: Path) -> None:
    """pg_stat_statements is read where it is there."""
    from cutroom.db.statements import Statements

    database = Database(url, statements=Statements(folder / "statements", slow_seconds=9))
    for _ in range(3):
        async with database.read() as conn:
            await conn.execute(text("SELECT count(*) FROM pg_class WHERE relname = :name"), {"name": "x"})
    found = await report(database, folder / "statements")
    await database.close()
    assert found.server_statistics
    one = next(one for one in found.statements if "pg_class WHERE relname" in one.statement)
    assert one.server_calls == 3


@contextmanager
def redis_server(config: Path, folder: Path) -> Iterator[redis.Redis]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is missing; run: apt-get install redis-server")
    port = services.free_port()
    words = [program, str(config), "--port", str(port), "--dir", str(folder), "--daemonize", "no"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    client = redis.Redis(port=port)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < until
                time.sleep(0.05)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def filled(client: redis.Redis) -> bool:
    """Whether twice as much can be written as fits."""
    client.config_set("maxmemory", "4mb")
    try:
        for number in range(80):
            client.set(f"key:{number}", b"x" * 100_000)
    except redis.OutOfMemoryError:
        return False
    return True


@pytest.mark.parametrize(("name", "takes_more"), [("redis-cache.conf", True), ("redis-broker.conf", False)])
def test_redis_takes_every_line_and_does_what_its_role_asks(tmp_path: Path, name: str, takes_more: bool) -> None:
    wanted = settings_of(name)
    with redis_server(DEPLOY / name, tmp_path) as client:
        for key, value in wanted.items():
            if key in ("port", "client-output-buffer-limit", "bind"):
                continue
            have = client.config_get(key)[key]
            assert have == (str(_bytes(value)) if value.endswith("mb") else value), key
        assert filled(client) is takes_more
        assert bool(client.info("persistence")["aof_enabled"]) is not takes_more


def _bytes(size: str) -> int:
    return int(size.removesuffix("mb")) << 20
