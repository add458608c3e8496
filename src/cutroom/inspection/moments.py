"""Pictures of damaged moments: made when somebody asks, by a bounded child, and kept on the disk within bounds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from xxhash import xxh3_128_hexdigest

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.core.ids import new_id
from cutroom.inspection.files import path_arguments
from cutroom.inspection.models import Finding
from cutroom.inspection.vocabulary import Status
from cutroom.media.pool import DecodePool

TARGET = "cutroom.inspection.moment_work:draw_moment"
DEADLINE_SECONDS = 30.0
KEEP_BYTES = 200 << 20
_VERSION = 1
_NO_PICTURE_IN = frozenset({Status.NOT_VIDEO.value, Status.UNREADABLE.value})


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a file's picture."""

    path: str  # as the operating system takes it
    size_bytes: int  # of the file that the verdict is about
    mtime_ns: int
    stream: int | None  # that is damaged
    seconds: float

    @classmethod
    def of(cls, path: str, findings: Sequence[Finding], index: int, *, status: str, stamp: tuple[int, int]) -> Moment:
        """The moment of a finding. Raises `inspection.no-picture` where it has none."""
        if not 0 <= index < len(findings) or not has_picture(findings[index], status):
            raise no_picture()
        finding = findings[index]
        return cls(
            path=path,
            size_bytes=stamp[0],
            mtime_ns=stamp[1],
            stream=finding.stream,
            seconds=finding.start_seconds or 0.0,
        )

    @property
    def name(self) -> str:
        """The name of its picture's file: another file, another time or another way of drawing has another."""
        parts = [_VERSION, os.fsencode(self.path), self.size_bytes, self.mtime_ns, self.stream, self.seconds]
        return f"{xxh3_128_hexdigest(msgspec.msgpack.encode(parts))}.webp"


def has_picture(finding: Finding, status: str) -> bool:
    """Whether asking for a picture is worth it; a child that decodes has the last word (a finding about sound)."""
    return finding.start_seconds is not None and status not in _NO_PICTURE_IN


def no_picture() -> CutroomError:
    """The error for a finding that cannot be seen."""
    message = "There is no picture of this finding: it has no place in the picture, or nothing there can be decoded."
    return CutroomError("inspection.no-picture", message, kind=ErrorKind.NOT_FOUND)


class Moments:
    """Draws them. One a process; `close` ends its children."""

    def __init__(self, folder: Path, *, memory_bytes: int | None = None) -> None:
        """`folder` is made when the first picture is."""
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._pool: DecodePool | None = None
        self._drawing: dict[str, asyncio.Task[Path]] = {}
        self._changing = asyncio.Lock()

    def of_video(self, path: str, row: dict[str, Any], index: int) -> Moment:
        """The moment of a finding of a video's verdict."""
        findings = msgspec.convert(row["findings"] or [], list[Finding])
        stamp = (row["size_bytes"], row["mtime_ns"])
        return Moment.of(path, findings, index, status=row["status"], stamp=stamp)

    async def picture(self, moment: Moment) -> Path:
        """The picture's file (WebP, at most 960 pixels wide).

        Raises `inspection.no-picture` and `inspection.file-changed`.
        """
        path = self._folder / moment.name
        if await asyncio.to_thread(_touched, path):
            return path
        if moment.name not in self._drawing:  # those who ask meanwhile wait for the same one
            task = asyncio.create_task(self._draw(moment, path))
            self._drawing[moment.name] = task
            task.add_done_callback(lambda _: self._drawing.pop(moment.name, None))
        return await asyncio.shield(self._drawing[moment.name])

    async def close(self) -> None:
        """End what is being drawn."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def _draw(self, moment: Moment, path: Path) -> Path:
        await asyncio.to_thread(_check_unchanged, moment)
        if self._pool is None:
            self._pool = DecodePool(1, niceness=5, memory_bytes=self._memory_bytes, idle_seconds=30)
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        part = self._folder / f".{new_id('pic')}.part.webp"
        arguments = {
            **path_arguments(Path(moment.path)),
            "stream": moment.stream,
            "seconds": moment.seconds,
            "output": str(part),
        }
        try:
            drawn = await self._pool.run(TARGET, arguments, deadline_seconds=DEADLINE_SECONDS)
            if not drawn:
                raise no_picture()
            await asyncio.to_thread(part.replace, path)
        except CutroomError as error:
            if error.kind is ErrorKind.CONFLICT:  # the server is leaving, or the file changed just now
                raise
            raise no_picture() from error
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        async with self._changing:
            await asyncio.to_thread(_trim, self._folder, KEEP_BYTES, path)
        return path


def _touched(path: Path) -> bool:
    """Whether it is there; it is then the one that was used last."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


def _check_unchanged(moment: Moment) -> None:
    try:
        status = Path(moment.path).stat()
    except (OSError, ValueError):
        message = "The file is not where it was when it was inspected, so there is no picture of it."
        raise CutroomError("inspection.file-changed", message, kind=ErrorKind.NOT_FOUND) from None
    if (status.st_size, status.st_mtime_ns) != (moment.size_bytes, moment.mtime_ns):
        message = "The file has changed since it was inspected, so there is no picture of what was found."
        raise CutroomError("inspection.file-changed", message, kind=ErrorKind.NOT_FOUND)


def _trim(folder: Path, most: int, newest: Path) -> None:
    """Remove what was not looked at for the longest time, until the rest fits."""
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most:
            return
        if path != newest:
            path.unlink(missing_ok=True)
            total -= size
