"""Local copies of objects: brought once, used for as long as there is room, the longest unused going first."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from cutroom.storage.local import ASIDE
from cutroom.storage.port import ObjectStat

_PART_BYTES = 16 << 20
_AT_ONCE = 4
_ROOM = 0.9  # of the bytes, after making room


class Copies:
    """Read-only files below a folder. A copy with a second hard link is in use and stays."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._bytes: int | None = None  # None: not counted yet
        self._counting = threading.Lock()

    def touch(self, path: Path) -> bool:
        """Whether there is a file; one that is used last goes last."""
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return False
            os.utime(path, ns=(time.time_ns(), status.st_mtime_ns))
        except OSError:
            return False
        return True

    def bring(self, path: Path, found: ObjectStat, read: Callable[[int, int], bytes]) -> None:
        """Fill a file beside `path` from `read(start, length)`, and give it the name."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{ASIDE}{hashlib.blake2b(path.name.encode(), digest_size=8).hexdigest()}")
        descriptor = _alone(aside)
        try:
            if self.touch(path):
                return  # somebody else was at it
            self._fill(descriptor, found.size_bytes, read)
            os.fchmod(descriptor, 0o444)
            os.utime(descriptor, ns=(time.time_ns(), found.mtime_ns))
            aside.rename(path)
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise
        finally:
            os.close(descriptor)
        self.took(path, found.size_bytes)

    def took(self, path: Path, size_bytes: int) -> None:
        """A copy has come; make room when that was too much."""
        with self._counting:
            self._bytes = self._count() if self._bytes is None else self._bytes + size_bytes
            if self._bytes > self._max_bytes:
                self._make_room(spare=path)

    def _fill(self, descriptor: int, size: int, read: Callable[[int, int], bytes]) -> None:
        os.ftruncate(descriptor, 0)

        def part(start: int) -> None:
            wanted = min(_PART_BYTES, size - start)
            data = read(start, wanted)
            if len(data) != wanted:
                raise OSError(f"the object ended after {start + len(data)} of {size} bytes")
            view = memoryview(data)
            while view:
                # A disk that is nearly full takes a part, and refuses the rest.
                view = view[os.pwrite(descriptor, view, start + wanted - len(view)) :]

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(part, range(0, size, _PART_BYTES)):
                pass

    def _count(self) -> int:
        return sum(size for _, size, _ in self._all())

    def _make_room(self, *, spare: Path) -> None:
        found = sorted(self._all())
        total = sum(size for _, size, _ in found)
        for _, size, path in found:
            if total <= self._max_bytes * _ROOM:
                break
            if path == spare:
                continue
            with suppress(OSError):
                path.unlink()
                total -= size
        self._bytes = total

    def _all(self) -> list[tuple[int, int, Path]]:
        """Last use, bytes and path of every copy that nobody holds on to."""
        found = []
        for where, _, names in os.walk(self._root):
            for name in names:
                path = Path(where, name)
                with suppress(OSError):
                    status = path.lstat()
                    copy = stat.S_ISREG(status.st_mode) and not status.st_mode & 0o222
                    if copy and status.st_nlink == 1 and not name.startswith("."):
                        found.append((status.st_atime_ns, status.st_size, path))
        return found


def _alone(aside: Path) -> int:
    """The file `aside`, locked; one that lost its name while this waited is let go."""
    while True:
        descriptor = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), aside.stat()):
                return descriptor
        os.close(descriptor)
