"""Bytes of a body into a file: one batch is written by a thread while the next one arrives."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from cutroom.core.errors import CutroomError
from cutroom.storage.local import disk_error
from cutroom.uploads import errors
from cutroom.uploads.magic import HEAD_BYTES, looks_like_media
from cutroom.uploads.models import Checksum
from cutroom.uploads.turns import LOOK_SECONDS, Turn

BATCH_BYTES = 1 << 20
CHECKPOINT_BYTES = 64 << 20
_BATCH_PIECES = 512  # below the 1024 that one write takes
_LEAST_BYTES = 64 << 10  # that have to come within the stall time

OnCheckpoint = Callable[[int], Awaitable[None]]


class Receiver:
    """Appends to an open file. `offset` is its size at any time; memory stays at two batches."""

    def __init__(
        self,
        descriptor: int,
        *,
        offset: int,
        size_bytes: int,
        name: str,
        sniff: bool,
        checksum: Checksum | None,
        on_checkpoint: OnCheckpoint,
    ) -> None:
        """`size_bytes` is what the file may have in the end; `sniff` refuses what does not begin like footage."""
        self.offset = offset
        self.flushed = offset
        self._descriptor = descriptor
        self._size_bytes = size_bytes
        self._name = name
        self._sniff = sniff and offset < HEAD_BYTES
        self._digest = None if checksum is None else hashlib.new(checksum.algorithm, usedforsecurity=False)
        self._on_checkpoint = on_checkpoint
        self._pieces: list[bytes] = []
        self._gathered = 0
        self._writing: asyncio.Future[None] | None = None
        self._flushing: asyncio.Task[None] | None = None

    @property
    def digest(self) -> bytes | None:
        """Of all that was taken, where a checksum is wanted."""
        return None if self._digest is None else self._digest.digest()

    async def take(self, body: AsyncIterator[bytes], turn: Turn, stall_seconds: float) -> None:
        """Read the body to its end, and have what came in the file, also when this raises.

        Raises `uploads.taken-over`, `uploads.too-slow`, `uploads.interrupted` (a ConnectionError of the body's),
        `uploads.beyond-end`, `uploads.not-video`, and `storage.full`.
        """
        ended: list[CutroomError] = []
        try:
            async with asyncio.timeout(None) as limit:
                watch = asyncio.create_task(self._watch(limit, turn, stall_seconds, ended))
                try:
                    async for piece in body:
                        await self._gather(piece)
                finally:
                    watch.cancel()
        except TimeoutError:
            raise (ended[0] if ended else errors.too_slow(stall_seconds)) from None
        except ConnectionError:
            raise errors.interrupted() from None
        finally:
            await self._settle()

    async def _gather(self, piece: bytes) -> None:
        self._gathered += len(piece)
        if self.offset + self._gathered > self._size_bytes:
            raise errors.beyond_end(self._size_bytes)
        self._pieces.append(piece)
        if self._gathered >= BATCH_BYTES or len(self._pieces) >= _BATCH_PIECES:
            await self._drain()

    async def _drain(self) -> None:
        """Hand what was gathered to a thread, once the batch before it is written."""
        if self._writing is not None:
            await asyncio.shield(self._writing)
        pieces, self._pieces = self._pieces, []
        start, self._gathered = self.offset, 0
        self.offset += sum(map(len, pieces))
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._write, pieces, start))
        if self.offset - self.flushed >= CHECKPOINT_BYTES and (self._flushing is None or self._flushing.done()):
            self._flushing = asyncio.create_task(self._flush(start))

    async def _settle(self) -> None:
        """Write the rest; afterwards `offset` is what the file holds."""
        try:
            if self._pieces:
                await _undisturbed(self._drain())
            if self._writing is not None:
                await _undisturbed(self._writing)
        finally:
            if self._flushing is not None:
                await _undisturbed(self._flushing)
            self.offset = os.fstat(self._descriptor).st_size

    def _write(self, pieces: list[bytes], start: int) -> None:
        if self._digest is not None:
            for piece in pieces:
                self._digest.update(piece)
        try:
            written = os.pwritev(self._descriptor, pieces, start)
            total = sum(map(len, pieces))
            if written < total:
                _write_rest(self._descriptor, b"".join(pieces)[written:], start + written)
        except OSError as error:
            raise disk_error(error) from error
        if self._sniff and (start + total >= HEAD_BYTES or start + total == self._size_bytes):
            if not looks_like_media(os.pread(self._descriptor, HEAD_BYTES, 0)):
                raise errors.not_video(self._name)
            self._sniff = False

    async def _flush(self, upto: int) -> None:
        """A checkpoint: everything before `upto` is on the disk, and the database knows it."""
        try:
            await asyncio.to_thread(os.fdatasync, self._descriptor)
        except OSError as error:
            raise disk_error(error) from error
        self.flushed = upto
        await self._on_checkpoint(upto)

    async def _watch(self, limit: asyncio.Timeout, turn: Turn, stall: float, ended: list[CutroomError]) -> None:
        loop = asyncio.get_running_loop()
        seen, since = self.offset + self._gathered, time.monotonic()
        while not ended:
            await asyncio.sleep(min(LOOK_SECONDS, stall))
            come = self.offset + self._gathered
            if come - seen >= _LEAST_BYTES:
                seen, since = come, time.monotonic()
            if turn.is_wanted:
                ended.append(errors.taken_over())
            elif time.monotonic() - since > stall:
                ended.append(errors.too_slow(stall))
        limit.reschedule(loop.time())


async def _undisturbed(work: Any) -> None:
    """Wait for `work` to its end even while this task is being cancelled; the file must not change afterwards."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
            cancelled = True
        except BaseException:
            break
    if cancelled:
        raise asyncio.CancelledError
    task.result()


def _write_rest(descriptor: int, rest: bytes, start: int) -> None:
    view = memoryview(rest)
    while view:
        written = os.pwrite(descriptor, view, start)
        view, start = view[written:], start + written
