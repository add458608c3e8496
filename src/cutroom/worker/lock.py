"""One supervisor for a data directory: a lock that goes with the process, however it ends."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2


@asynccontextmanager
async def only_one(path: Path, leaving: asyncio.Event) -> AsyncIterator[bool]:
    """Hold the lock for the block, waiting for its holder to finish first; False when `leaving` was set meanwhile."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield await _take(handle, path, leaving)
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether a supervisor works in the data directory now."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _try(handle)
    finally:
        os.close(handle)


async def _take(handle: int, path: Path, leaving: asyncio.Event) -> bool:
    waited = False
    while not _try(handle):
        if not waited:
            log.warning("Another supervisor holds %s; waiting for it to leave.", path)
            waited = True
        if leaving.is_set():
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    return True


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
