"""Upgraded databases for tests, made once and copied: running every migration for every test takes minutes."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from cutroom.db.connect import async_url
from cutroom.db.engine import Database
from cutroom.db.upgrade import upgrade

Result = TypeVar("Result")


def copy_sqlite(path: Path) -> None:
    """Put an upgraded, empty SQLite database at `path`, with the folders above it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(_sqlite_template(), path)


async def create_postgres(server_url: str, *, template: str | None = None) -> str:
    """Create a database on the server and return its URL: empty, or a copy of another."""
    name = f"test_{secrets.token_hex(6)}"
    await _on_server(
        server_url, f"CREATE DATABASE {name}" + (f" TEMPLATE {template} STRATEGY FILE_COPY" if template else "")
    )
    return f"{server_url.rpartition('/')[0]}/{name}"


async def copy_postgres(server_url: str) -> str:
    """Create an upgraded database on the server and return its URL."""
    return await create_postgres(server_url, template=postgres_template(server_url).rpartition("/")[2])


async def drop_postgres(server_url: str, url: str) -> None:
    """Drop a database, whoever is still connected."""
    await _on_server(server_url, f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


@cache
def _sqlite_template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="cutroom-template-")) / "cutroom.db"
    _in_a_loop_of_its_own(_upgraded(f"sqlite:///{path}"))
    return path


@cache
def postgres_template(server_url: str) -> str:
    """The URL of the upgraded database that others are copied from; nobody may stay connected to it."""

    async def make() -> str:
        url = await create_postgres(server_url)
        await _upgraded(url)
        return url

    return _in_a_loop_of_its_own(make())


async def _upgraded(url: str) -> None:
    database = Database(url)
    await upgrade(database, sqlite_path=None)
    await database.close()


def _in_a_loop_of_its_own(work: Coroutine[Any, Any, Result]) -> Result:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _on_server(server_url: str, statement: str) -> None:
    server = create_async_engine(async_url(server_url), isolation_level="AUTOCOMMIT")
    async with server.connect() as conn:
        await conn.execute(text(statement))
    await server.dispose()
