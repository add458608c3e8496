"""The checksum of a whole file, and what it says beside the one that was taken while the file was sound."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from xxhash import xxh3_128

from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.inspection.models import Finding, Status
from cutroom.media.containers import Fault
from cutroom.media.names import shown
from cutroom.media.regular import open_regular

_CHUNK_BYTES = 4 << 20

Report = Callable[[dict[str, Any]], None]


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The checksum that was taken while a file was sound."""

    content_hash: str
    size_bytes: int
    mtime_ns: int
    taken_at: int  # microseconds
    current: bool  # the verdict beside it is by today's rules: the same bytes need no decoding
    status: Status
    findings: list[Finding]
    duration_seconds: float | None


class FileHash(msgspec.Struct, frozen=True, kw_only=True):
    """The checksum of a file that kept still while it was read."""

    content_hash: str  # "xxh3-128:" and 32 hexadecimal digits
    size_bytes: int
    mtime_ns: int


def hash_file(*, report: Report, path: str, path_base64: str | None = None) -> FileHash:
    """Read a whole file. Raises `media.changed` when it changes meanwhile, and what `open_regular` raises."""
    target = Path(os.fsdecode(b64decode(path_base64)) if path_base64 else path)
    digest = xxh3_128()
    with open_regular(target) as file:
        before = os.fstat(file.fileno())
        done = 0
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            report({"fraction": min(1.0, done / max(1, before.st_size)), "stage": "checksum"})
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        message = f"{shown(target)} changed while it was read."
        raise CutroomError("media.changed", message, kind=ErrorKind.CONFLICT)
    return FileHash(content_hash=f"xxh3-128:{digest.hexdigest()}", size_bytes=done, mtime_ns=after.st_mtime_ns)


def compare(found: FileHash, baseline: Baseline) -> Fault | None:
    """What a checksum says beside the baseline: nothing when the bytes are the same.

    Other bytes under the same size and time of change were changed by no program but by the disk, the cable or the
    memory; with another size or time somebody replaced the file.
    """
    if found.content_hash == baseline.content_hash:
        return None
    day = clock.iso(baseline.taken_at)[:10]
    if (found.size_bytes, found.mtime_ns) == (baseline.size_bytes, baseline.mtime_ns):
        text = f"Bit rot: the bytes are not those of {day}, when the file was sound, though its size and time are."
        return Fault(code="file.bit-rot", message=text)
    return Fault(code="file.replaced", message=f"The file was replaced since {day}, when its checksum was taken.")
