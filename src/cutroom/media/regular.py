"""Opening a file by its descriptor: only a regular one, and never waiting for it. Needs no libav."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.names import shown


@contextmanager
def open_regular(path: Path) -> Iterator[IO[bytes]]:
    """Open a regular, non-empty file for unbuffered reading, without ever waiting for a FIFO or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        raise cannot_open(path, error) from error
    try:
        _check_regular(path, os.fstat(descriptor))
        file = os.fdopen(descriptor, "rb", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise
    with file:
        yield file


def _check_regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise CutroomError("media.not-a-file", f"{shown(path)} is {what}.", hint="Name a video file.")
    if status.st_size == 0:
        raise CutroomError("media.empty", f"{shown(path)} is empty (0 bytes).", hint="Copy the file again.")


def cannot_open(path: Path, error: OSError | ValueError) -> CutroomError:
    """The error for a path that cannot be opened or read."""
    number = error.errno if isinstance(error, OSError) else errno.ENOENT  # ValueError: a NUL in the name
    if number in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP):
        message = f"There is no file {shown(path)}."
        return CutroomError("media.not-found", message, hint="Check the path.", kind=ErrorKind.NOT_FOUND)
    if number in (errno.EACCES, errno.EPERM):
        message = f"{shown(path)} may not be read."
        hint = "Give the user that runs Cutroom read permission."
        return CutroomError("media.no-permission", message, hint=hint, kind=ErrorKind.FORBIDDEN)
    if number in (errno.ENXIO, errno.ENODEV):
        return CutroomError("media.not-a-file", f"{shown(path)} is not a regular file.", hint="Name a video file.")
    message = f"{shown(path)} cannot be read: {os.strerror(number or errno.EIO)}."
    return CutroomError("media.unreadable", message, hint="Check the disk or the mount.", kind=ErrorKind.UNAVAILABLE)
