"""One file of many: copied inside the kernel, which shares the blocks where the file system can."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cutroom.storage.local import disk_error
from cutroom.uploads import errors
from cutroom.uploads.magic import HEAD_BYTES, looks_like_media

_COPY_BYTES = 64 << 20


async def join(target: Path, parts: Sequence[Path]) -> None:
    """Write the parts one after another into `target`, anew. Raises `storage.full`."""
    await asyncio.to_thread(_join, target, parts)


def refuse_other_than_media(path: Path, name: str) -> None:
    """Raise `uploads.not-video` for a whole file that does not begin like footage; one that has gone is fine."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        if not looks_like_media(file.read(HEAD_BYTES)):
            raise errors.not_video(name)


def _join(target: Path, parts: Sequence[Path]) -> None:
    try:
        output = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            for part in parts:
                _append(output, part)
        finally:
            os.close(output)
    except OSError as error:
        raise disk_error(error) from error


def _append(output: int, part: Path) -> None:
    source = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while os.copy_file_range(source, output, _COPY_BYTES):
            pass
    finally:
        os.close(source)
