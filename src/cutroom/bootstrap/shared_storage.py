"""Whether a worker on another machine sees the same object store as the server."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.core.ids import new_id
from cutroom.db import facts
from cutroom.storage.port import ObjectStore

KEY = "store-id"
"""An object that names the store; the database knows the same name."""


async def mark(cutroom: Cutroom) -> None:
    """Called by the server: give the store its name."""
    found = await asyncio.to_thread(_read, cutroom.store)
    async with cutroom.database.transaction() as tx:
        name = await facts.settle(tx.conn, KEY, found or new_id("sto"))
    if found != name:
        await asyncio.to_thread(_write, cutroom.store, cutroom.data.scratch, name)


async def require_same(cutroom: Cutroom) -> None:
    """Called by a worker. Raises `worker.storage-differs` when it sees another store than the server's."""
    found = await asyncio.to_thread(_read, cutroom.store)
    async with cutroom.database.read() as conn:
        name = await facts.get(conn, KEY)
    if name is not None and found != name:
        raise CutroomError(
            "worker.storage-differs",
            "The object store that this worker sees is not the server's: what it made could not be found again.",
            hint="Mount the server's folder on this machine and set CUTROOM_STORAGE_ROOT to it.",
            kind=ErrorKind.CONFLICT,
        )


def _read(store: ObjectStore) -> str | None:
    try:
        return store.read_range(KEY, 0, 100).decode("utf-8", "replace").strip()
    except CutroomError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return None
        raise


def _write(store: ObjectStore, scratch: Path, name: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=scratch, suffix=".part", delete=False) as file:
        file.write(name + "\n")
    store.adopt(KEY, Path(file.name))
