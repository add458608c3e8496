"""Files that appear whole or not at all: immutable ones are linked into place, playlists replace their predecessor."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from cutroom.core.errors import CutroomError, ErrorKind

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def publish_once(path: Path, data: bytes) -> int:
    """Give `data` the name `path` unless that name is taken; the first writer wins. Returns the file's size in bytes.

    The bytes are on the disk before the name is, in a file that has none until then, so neither a crash nor a full disk
    leaves half of it.
    """
    try:
        descriptor = _nameless(path.parent)
        if descriptor is None:
            _publish_aside(path, data)
        else:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                _write_all(file.fileno(), data)
                _name(file.fileno(), path)
        return path.stat().st_size
    except OSError as error:
        raise storage_error(path, error) from error


def replace(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step; a reader sees the old file or the new one."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            _write_new(aside, data)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def make_folder(path: Path) -> Path:
    """`path` as a folder, its parents too."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error
    return path


def sweep(folder: Path) -> None:
    """Remove what processes that were killed in the middle of a `replace` left behind."""
    for part in folder.glob(".*.part"):
        pid = part.name.split(".")[-2]
        if pid.isdigit() and int(pid) != os.getpid() and not _alive(int(pid)):
            part.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def storage_error(path: Path, error: OSError) -> CutroomError:
    """What went wrong with a disk, said with the place it happened in."""
    if error.errno in _FULL:
        message = f"The disk that holds {path.parent} is full."
        return CutroomError("storage.full", message, hint="Free some space, then try again.", kind=ErrorKind.NO_SPACE)
    reason = os.strerror(error.errno) if error.errno else str(error)
    hint = "Check that the folder exists and may be written."
    return CutroomError("storage.failed", f"{path} cannot be written: {reason}.", hint=hint, kind=ErrorKind.UNAVAILABLE)


def _nameless(folder: Path) -> int | None:
    """A file without a name in `folder`, or None where the file system cannot make one."""
    if not hasattr(os, "O_TMPFILE"):
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT):
            return None
        raise


def _publish_aside(path: Path, data: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _write_new(aside, data)
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _name(descriptor: int, path: Path) -> None:
    """linkat(2) with AT_SYMLINK_FOLLOW, which Python chooses only when it is given a folder's descriptor."""
    with suppress(FileExistsError):
        os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fdatasync(descriptor)
