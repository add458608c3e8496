"""Which files a run looks at: lazily, so that a tree of any size costs no memory."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

# fmt: off
VIDEO_EXTENSIONS = frozenset({
    "3g2", "3gp", "asf", "avi", "dv", "f4v", "flv", "gxf", "ivf", "m1v", "m2ts", "m2t", "m2v", "m4v", "mkv", "mov",
    "mp4", "mpeg", "mpg", "mts", "mxf", "nut", "ogm", "ogv", "qt", "rm", "rmvb", "ts", "vob", "webm", "wmv",
})
# fmt: on
"""Files in folders that are looked at without `--ext`; a file that is named itself always is."""


class Candidate(NamedTuple):
    """A file to inspect, or a folder that could not be listed."""

    path: Path  # absolute, links kept
    size_bytes: int  # 0 where it could not be found out
    problem: OSError | None = None
    mtime_ns: int | None = None  # None where it could not be found out


def candidates(
    paths: Iterable[Path], *, recursive: bool, extensions: frozenset[str] = VIDEO_EXTENSIONS
) -> Iterator[Candidate]:
    """Every file that `paths` name, folders in the order of their names.

    Extensions are lower-case without a dot. Links to files are followed, links to folders are not (they may form
    rings), except where a path names one.
    """
    for path in paths:
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links and change the name shown
        if absolute.is_dir():
            yield from _folder(absolute, recursive, extensions)
        else:
            yield _candidate(absolute)


def displayed(path: Path) -> str:
    """A path as valid Unicode: bytes that are not UTF-8 become \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def path_arguments(path: Path) -> dict[str, str]:
    """A path for a child: as text, and its bytes too where JSON could not carry them."""
    raw = os.fsencode(path)
    try:
        return {"path": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {"path": displayed(path), "path_base64": b64encode(raw).decode()}


def _folder(folder: Path, recursive: bool, extensions: frozenset[str]) -> Iterator[Candidate]:
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            with os.scandir(current) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Candidate(current, 0, error)
            continue
        inner = []
        for entry in entries:
            if _is_folder(entry):
                inner.append(Path(entry.path))
            elif entry.name.rpartition(".")[2].lower() in extensions and not entry.name.startswith("._"):
                yield _candidate(Path(entry.path))
        if recursive:
            pending += reversed(inner)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _candidate(path: Path) -> Candidate:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return Candidate(path, 0)
    return Candidate(path, status.st_size, None, status.st_mtime_ns)
