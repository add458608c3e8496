"""Files with the same bytes: grouped by size first, and only files that share one are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec

from cutroom.inspection.files import Candidate, displayed, path_arguments
from cutroom.media.pool import DecodePool

TARGET = "cutroom.inspection.checksum:hash_file"
_BYTES_A_SECOND = 5e6  # of a very slow disk
_ASKED_AT_ONCE = 500


class DuplicateGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Files that hold exactly the same bytes."""

    content_hash: str
    size_bytes: int  # of each
    wasted_bytes: int  # what all but one of the copies take; names of one and the same file (hard links) take nothing
    paths: list[str]  # as they are displayed, sorted


class Duplicates(msgspec.Struct, frozen=True, kw_only=True):
    """What a search for duplicates found; nothing was deleted."""

    files: int  # looked at
    hashed: int  # of them, those that were read: another file has their size, and no checksum of theirs was kept
    wasted_bytes: int
    groups: list[DuplicateGroup]  # the most wasteful first
    problems: list[str]  # sentences about files that could not be read


class Known(Protocol):
    """Checksums that were kept."""

    async def of(self, files: Sequence[Candidate]) -> dict[Path, str]:
        """Those of files that have not changed since theirs was taken."""

    async def keep(self, file: Candidate, content_hash: str) -> None:
        """A new one."""


async def find_duplicates(
    files: Callable[[], Iterable[Candidate]],
    *,
    pool: DecodePool,
    max_seconds_per_file: float | None = None,
    known: Known | None = None,
) -> Duplicates:
    """Find files of equal content. `files` is walked twice; only sizes are remembered of files that are unique.

    What `known` remembers is not read again, and it is told what was.

    Empty files are no duplicates. Files with several names are one file.
    """
    sizes = Counter(file.size_bytes for file in files() if file.mtime_ns is not None and file.size_bytes)
    same: dict[tuple[int, str], list[Candidate]] = {}
    flight: dict[int, Candidate] = {}
    problems: list[str] = []
    hashed = 0

    async def arguments() -> AsyncIterator[dict[str, str]]:
        shared = (file for file in files() if file.mtime_ns is not None and sizes[file.size_bytes] > 1)
        index = 0
        while some := list(islice(shared, _ASKED_AT_ONCE)):
            remembered = await known.of(some) if known else {}
            for file in some:
                if file.path in remembered:
                    same.setdefault((file.size_bytes, remembered[file.path]), []).append(file)
                    continue
                flight[index] = file
                index += 1
                yield path_arguments(file.path)

    def deadline(_: object) -> float:
        size = next(reversed(flight.values())).size_bytes
        return max_seconds_per_file or 60.0 + size / _BYTES_A_SECOND

    async for outcome in pool.map(TARGET, arguments(), deadline_seconds=deadline):
        file = flight.pop(outcome.index)
        if outcome.error is not None:
            problems.append(outcome.error.message)
            continue
        hashed += 1
        if known and (outcome.result["size_bytes"], outcome.result["mtime_ns"]) == (file.size_bytes, file.mtime_ns):
            await known.keep(file, outcome.result["content_hash"])
        same.setdefault((outcome.result["size_bytes"], outcome.result["content_hash"]), []).append(file)
    groups = [_group(size, digest, found) for (size, digest), found in same.items() if len(found) > 1]
    groups.sort(key=lambda group: (-group.wasted_bytes, group.paths))
    return Duplicates(
        files=sizes.total(),
        hashed=hashed,
        wasted_bytes=sum(group.wasted_bytes for group in groups),
        groups=groups,
        problems=problems,
    )


def _group(size: int, digest: str, found: list[Candidate]) -> DuplicateGroup:
    inodes = set()
    for file in found:
        try:
            status = file.path.stat()
        except OSError:
            continue  # gone since it was read
        inodes.add((status.st_dev, status.st_ino))
    return DuplicateGroup(
        content_hash=digest,
        size_bytes=size,
        wasted_bytes=size * max(0, len(inodes) - 1),
        paths=sorted(displayed(file.path) for file in found),
    )
