"""The files of one attempt: objects are brought before its child reads them, and what it writes is sent meanwhile."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.storage.port import ObjectStore

log = logging.getLogger(__name__)

SEND_SECONDS = 1.0
"""Between two looks at what is new: how far a player on another machine is behind."""


class Staging:
    """Between a store and an attempt's folder. On a local disk there is nothing to do."""

    def __init__(self, store: ObjectStore | None, work_dir: Path) -> None:
        self._store = store if store is not None and store.remote else None
        self._work_dir = work_dir

    @property
    def needed(self) -> bool:
        """Whether the store is anywhere else."""
        return self._store is not None

    async def bring(self, paths: Sequence[str]) -> None:
        """Have these files and folders of the store on the local disk, and hold on to them until the attempt's folder
        goes. Paths elsewhere are left alone. Raises `media.not-found` and what the store raises."""
        for number, path in enumerate(paths):
            key = None if self._store is None else self._store.key_at(Path(path))
            if self._store is not None and key is not None:
                await asyncio.to_thread(self._bring, key, self._work_dir / f".held-{number}")

    @asynccontextmanager
    async def sending(self, folders: Sequence[str]) -> AsyncIterator[None]:
        """Send what is new in these folders while the block runs, and once more when it has ended well."""
        if self._store is None or not folders:
            yield
            return
        going = asyncio.create_task(self._send_often(folders))
        try:
            yield
        finally:
            going.cancel()
            with suppress(asyncio.CancelledError):
                await going
        await self._send(folders)

    def _bring(self, key: str, held: Path) -> None:
        assert self._store is not None
        try:
            path = self._store.fetch(key)
            if path.is_file():
                held.unlink(missing_ok=True)
                os.link(path, held)  # a copy with a second link is not taken away to make room
        except CutroomError as error:
            if error.code != "storage.not-found":
                raise
            message = "The file is not in the store any more."
            raise CutroomError("media.not-found", message, kind=ErrorKind.NOT_FOUND) from error

    async def _send_often(self, folders: Sequence[str]) -> None:
        while True:
            await asyncio.sleep(SEND_SECONDS)
            try:
                await self._send(folders)
            except CutroomError as error:
                log.warning("What was made is not in the store yet: %s", error.message)

    async def _send(self, folders: Sequence[str]) -> None:
        assert self._store is not None
        for folder in folders:
            key = self._store.key_at(Path(folder))
            if key is not None:
                await asyncio.to_thread(self._store.keep, key)
