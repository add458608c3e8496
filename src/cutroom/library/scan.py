"""Find footage on the disk: files as they are named, folders with everything below them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from cutroom.library.models import FoundFile, Skipped, display

_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def scan(paths: Sequence[str | bytes | Path], extensions: frozenset[str]) -> Iterator[FoundFile | Skipped]:
    """Every file that was named, and in folders every file of a known extension, in the order of their names.

    Below a folder, hidden names and files of other kinds are passed over in silence; links are followed, each folder
    once, so that loops end. What cannot be added is yielded as `Skipped`, and the scan goes on.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        location = os.path.abspath(os.fsencode(path))  # noqa: PTH100 - bytes, which pathlib does not take
        try:
            found = os.stat(location)  # noqa: PTH116
        except (OSError, ValueError) as error:
            yield unreadable(location, error)
            continue
        if stat.S_ISDIR(found.st_mode):
            yield from _folder(location, found, extensions, seen)
        else:
            yield _file(location, found)


def unreadable(location: bytes, error: OSError | ValueError) -> Skipped:
    """Why a path cannot be looked at."""
    shown = display(location)
    if isinstance(error, (FileNotFoundError, NotADirectoryError, ValueError)):
        return Skipped(path=shown, code="media.not-found", message=f"There is no file {shown!r}.")
    if isinstance(error, PermissionError):
        return _forbidden(location)
    return Skipped(path=shown, code="media.unreadable", message=f"{shown!r} cannot be read: {error.strerror}.")


def _folder(
    location: bytes, found: os.stat_result, extensions: frozenset[str], seen: set[tuple[int, int]]
) -> Iterator[FoundFile | Skipped]:
    identity = (found.st_dev, found.st_ino)
    if identity in seen:
        return
    seen.add(identity)
    try:
        with os.scandir(location) as entries:
            named = sorted(entry.name for entry in entries if not entry.name.startswith(b"."))
    except OSError as error:
        yield unreadable(location, error)
        return
    for name in named:
        path = location.rstrip(b"/") + b"/" + name
        footage = _extension(name) in extensions
        try:
            below = os.stat(path)  # noqa: PTH116
        except OSError as error:
            if footage:
                yield unreadable(path, error)
            continue
        if stat.S_ISDIR(below.st_mode):
            yield from _folder(path, below, extensions, seen)
        elif footage:
            yield _file(path, below)


def _file(location: bytes, found: os.stat_result) -> FoundFile | Skipped:
    if not stat.S_ISREG(found.st_mode):
        shown, kind = display(location), _SPECIAL.get(stat.S_IFMT(found.st_mode), "something else")
        return Skipped(path=shown, code="media.not-a-file", message=f"{shown!r} is {kind}, not a file.")
    if not os.access(location, os.R_OK):
        return _forbidden(location)
    return FoundFile(location=location, size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)


def _forbidden(location: bytes) -> Skipped:
    shown = display(location)
    return Skipped(
        path=shown, code="media.no-permission", message=f"{shown!r} may not be read by the user that runs Cutroom."
    )


def _extension(name: bytes) -> str:
    stem, _, extension = name.rpartition(b".")
    return extension.decode("ascii", "replace").lower() if stem else ""
