"""Reading a file whole: what a bounded child runs, from a path to a content hash."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from xxhash import xxh3_128

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.names import shown
from cutroom.media.regular import open_regular

_CHUNK_BYTES = 4 << 20

Report = Callable[[dict[str, Any]], None]


class FileHash(msgspec.Struct, frozen=True, kw_only=True):
    """The hash of a file that kept still while it was read."""

    content_hash: str  # "xxh3-128:" and 32 hexadecimal digits
    size_bytes: int
    mtime_ns: int


def hash_file(*, report: Report, path: str, size_bytes: int, mtime_ns: int) -> FileHash:
    """Hash the file that had this size and age when it was queued.

    Raises `media.changed` when it is another one by now, or becomes one while it is read.
    """
    digest = xxh3_128()
    target = Path(path)
    with open_regular(target) as file:
        _check(target, file.fileno(), size_bytes, mtime_ns)
        done = 0
        # A recording that is still under way grows as fast as it is read.
        while done <= size_bytes and (chunk := file.read(_CHUNK_BYTES)):
            digest.update(chunk)
            done += len(chunk)
            report({"fraction": min(1.0, done / max(1, size_bytes)), "stage": "reading"})
        _check(target, file.fileno(), size_bytes, mtime_ns)
    return FileHash(content_hash=f"xxh3-128:{digest.hexdigest()}", size_bytes=done, mtime_ns=mtime_ns)


def hash_bytes(path: Path) -> str:
    """The content hash of a file that nobody changes."""
    digest = xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return f"xxh3-128:{digest.hexdigest()}"


def _check(path: Path, descriptor: int, size_bytes: int, mtime_ns: int) -> None:
    now = os.fstat(descriptor)
    if (now.st_size, now.st_mtime_ns) != (size_bytes, mtime_ns):
        raise CutroomError(
            "media.changed",
            f"{shown(path)} changed while it was read.",
            hint="It is looked at again when it has come to rest.",
            kind=ErrorKind.CONFLICT,
        )
