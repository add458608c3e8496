"""The header of SQLite's WAL index, in memory that all processes share: it differs after each commit.

`PRAGMA data_version` looks at it too, for forty times the cost. A header that is being written differs from the one
before and from the one after (sqlite.org/walformat.html, 2.1).
"""

from __future__ import annotations

import mmap
import os
import sqlite3
from collections.abc import Hashable

_INDEXES: dict[tuple[int, int], tuple[int, mmap.mmap]] = {}
"""Mapped WAL indexes by device and inode, for the life of the process: closing any descriptor of such a file would drop
every lock that SQLite holds on it here (POSIX says so), and with them what keeps other processes from truncating it."""
_HEADER = 48
"""Bytes of the first copy of the header."""


class WalIndex:
    """That of one database."""

    def __init__(self, path: str) -> None:
        # The index is deleted with the last connection, so one is held.
        self._conn = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
        self._conn.execute("PRAGMA journal_mode=WAL").fetchall()  # of a new file; nothing happens to another
        self._conn.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        self._index: mmap.mmap | None = _mapped(f"{path}-shm")

    def number(self) -> Hashable | None:
        """Differs from before as soon as a commit is visible; None after `let_go`."""
        return self._index[:_HEADER] if self._index is not None else None

    def let_go(self) -> None:
        """Look no more."""
        self._index = None
        self._conn.close()


def _mapped(path: str) -> mmap.mmap:
    found = os.stat(path)  # noqa: PTH116
    place = (found.st_dev, found.st_ino)
    if place not in _INDEXES:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        _INDEXES[place] = (descriptor, mmap.mmap(descriptor, _HEADER, prot=mmap.PROT_READ))
    return _INDEXES[place][1]
