"""A video's file on the local disk: where it is, what it is now, and removing what was stored."""

from __future__ import annotations

import asyncio
import os
import stat

import msgspec

from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.library.models import LocationKind, ProxyState, Source, Video
from cutroom.storage.port import ObjectStore

ORIGINALS = "originals"
"""The folder of the store that holds the originals that were copied or uploaded."""


async def look(store: ObjectStore, video: Video) -> Source | None:
    """The file as it is now, or None when it is gone or no file any more.

    An object of a remote store never changes, and whether it is there is seen when it is fetched.
    """
    if store.remote and video.location_kind is LocationKind.STORED:
        return expected(store, video)
    path = local_path(store, video)
    try:
        found = await asyncio.to_thread(os.stat, path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Source(path=path, size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)


def expected(store: ObjectStore, video: Video) -> Source:
    """The file as the library knows it."""
    return Source(path=local_path(store, video), size_bytes=video.size_bytes, mtime_ns=video.mtime_ns)


def local_path(store: ObjectStore, video: Video) -> str:
    """Where the operating system finds it; bytes that are not UTF-8 are surrogates, as `os.fsdecode` makes them."""
    return str(store.local_path(video.path)) if video.location_kind is LocationKind.STORED else video.path


def key_at(store: ObjectStore, path: bytes) -> bytes | None:
    """The key of the stored original that is at a path; None for a path anywhere else."""
    folder = os.fsencode(store.local_path(ORIGINALS)) + b"/"
    return ORIGINALS.encode() + b"/" + path.removeprefix(folder) if path.startswith(folder) else None


def delete_after_commit(tx: Transaction, store: ObjectStore, key: str) -> None:
    """Remove an object once nothing refers to it; when the process dies in between, it is left for the clean-up."""

    async def remove() -> None:
        await asyncio.to_thread(store.delete, key)

    tx.after_commit(remove)


def delete_prefix_after_commit(tx: Transaction, store: ObjectStore, prefix: str) -> None:
    """The same for a folder of objects."""

    async def remove() -> None:
        await asyncio.to_thread(store.delete_prefix, prefix)

    tx.after_commit(remove)


def renewed(video: Video, *, size_bytes: int, mtime_ns: int) -> Video:
    """The video as it is when its file has become another: on a new asset, and nothing known about it."""
    return msgspec.structs.replace(
        video,
        asset_id=new_id("ast"),
        size_bytes=size_bytes,
        mtime_ns=mtime_ns,
        verdict="pending",
        verdict_message=None,
        proxy_state=ProxyState.NONE,
        poster=None,
        duration=None,
        rate=None,
        width=None,
        height=None,
        probe=None,
    )
