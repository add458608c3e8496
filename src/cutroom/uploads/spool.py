"""A growing file on the disk, written by a thread in pieces of a mebibyte."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from cutroom.storage.local import disk_error
from cutroom.uploads.magic import HEAD_BYTES, looks_like_media

_PIECE_BYTES = 1 << 20


class Spool:
    """Gathers chunks and writes whole pieces, so that a thread is asked once a mebibyte, not once a packet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._pending = bytearray()
        self._head = b""
        self._finished = False
        self.size_bytes = 0

    async def __aenter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_error(error) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        os.close(self._descriptor)

    @property
    def is_no_media(self) -> bool:
        """Whether the beginning that has arrived cannot be footage; False until enough of it is here."""
        enough = len(self._head) == HEAD_BYTES or self._finished
        return enough and not looks_like_media(self._head)

    async def write(self, chunk: bytes) -> None:
        """Take a chunk of any size. Raises `storage.full`."""
        self.size_bytes += len(chunk)
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
        self._pending += chunk
        if len(self._pending) >= _PIECE_BYTES:
            await self._drain()

    async def finish(self) -> None:
        """Write what is left and have it on the disk."""
        self._finished = True
        await self._drain()
        await _to_disk(os.fsync, self._descriptor)

    async def _drain(self) -> None:
        piece, self._pending = self._pending, bytearray()
        await _to_disk(_write_all, self._descriptor, piece)


async def _to_disk(call: Callable[..., None], *arguments: Any) -> None:
    try:
        await asyncio.to_thread(call, *arguments)
    except OSError as error:
        raise disk_error(error) from error


def _write_all(descriptor: int, piece: bytearray) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]
