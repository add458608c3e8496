"""Put the sample footage into a library that has never held anything."""

from __future__ import annotations

import asyncio
import shutil

from cutroom.bootstrap.container import Cutroom
from cutroom.core.ids import new_id
from cutroom.library.models import VideoFilter, Visibility
from cutroom.library.sample import NAME
from cutroom.media.pool import DecodePool

_ACTION = "library.sample"
_DEADLINE_SECONDS = 600.0


async def wanted(cutroom: Cutroom) -> bool:
    """Whether the library is empty and has never had the sample: who deletes it does not get it again."""
    if not cutroom.settings.library.sample:
        return False
    async with cutroom.database.read() as conn:
        if (await cutroom.library.count(conn, viewer=None, where=VideoFilter())).number:
            return False
        return not await cutroom.accounts.audit.has(conn, _ACTION)


async def add_sample(cutroom: Cutroom) -> str:
    """Make the footage in a child, at low priority, and add it for everybody; returns the video's id."""
    folder = cutroom.data.scratch / "sample"
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    await asyncio.to_thread(folder.mkdir, parents=True)
    path = folder / NAME
    try:
        async with DecodePool(1, niceness=5) as pool:
            await pool.run(
                "cutroom.library.sample:make_sample", {"path": str(path)}, deadline_seconds=_DEADLINE_SECONDS
            )
        video_id = new_id("vid")
        key = f"originals/{video_id}/{NAME}"
        await asyncio.to_thread(cutroom.store.adopt, key, path)
        async with cutroom.database.transaction(durable=True) as tx:
            await cutroom.library.add_stored(
                tx, video_id=video_id, key=key, name=NAME, owner_id=None, visibility=Visibility.SHARED
            )
            await cutroom.accounts.audit.record(tx, None, _ACTION, video_id)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return video_id
