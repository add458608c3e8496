"""Who may change an upload: one request at a time, whichever process it is in, and the newest one wins.

A connection that broke may look alive to the server for minutes, while its client is back already. So whoever comes
writes its token beside the lock, and the holder, who looks at that, lets go.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from cutroom.uploads.errors import locked, taken_over

LOOK_SECONDS = 0.1
"""How often a holder should look at `is_wanted`."""
_WAIT_SECONDS = 20.0
_AGAIN_SECONDS = 0.02


class Turn:
    """Held for the length of an `async with`. The kernel gives it back however the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._token = secrets.token_bytes(16)

    async def __aenter__(self) -> Self:
        """Take it from whoever holds it; raises `uploads.locked`, `uploads.taken-over` when a newer one came."""
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(self._descriptor, self._token, 0)
                await self._lock(until)
                if os.fstat(self._descriptor).st_nlink:
                    return self
            except BaseException:
                os.close(self._descriptor)
                raise
            os.close(self._descriptor)  # its holder has ended the upload and removed the file

    async def __aexit__(self, *_: object) -> None:
        os.close(self._descriptor)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody newer waits for it."""
        return os.pread(self._descriptor, len(self._token), 0) != self._token

    def end(self) -> None:
        """Remove the file: the upload is over. For who holds it."""
        _remove(self._path)

    async def _lock(self, until: float) -> None:
        while True:
            if _try_lock(self._descriptor):
                if os.fstat(self._descriptor).st_nlink and self.is_wanted:
                    raise taken_over()
                return
            if time.monotonic() > until:
                raise locked()
            if self.is_wanted:
                raise taken_over()
            await asyncio.sleep(_AGAIN_SECONDS)


@asynccontextmanager
async def one_at_a_time(path: Path) -> AsyncIterator[None]:
    """Held by one, whichever process it is in, while the others wait. Raises `uploads.locked` when that takes long.

    The file `path` stands for what is held, and is gone when nobody holds it.
    """
    until = time.monotonic() + _WAIT_SECONDS
    held = False
    while not held:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _try_lock(descriptor):
                if time.monotonic() > until:
                    raise locked()
                await asyncio.sleep(_AGAIN_SECONDS)
            held = os.fstat(descriptor).st_nlink > 0
            if held:
                try:
                    yield
                finally:
                    _remove(path)
        finally:
            os.close(descriptor)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
