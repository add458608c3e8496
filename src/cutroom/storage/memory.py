"""The object store's fake: objects in memory, for tests and trials."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cutroom.storage.port import ObjectStat, check_key, missing


class MemoryStore:
    """Objects in a dictionary. See `ObjectStore` for what each method promises.

    `local_path` puts the objects that it is asked for into a temporary folder; what a worker writes there becomes
    an object with the next call of any method.
    """

    remote = False

    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, int]] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def adopt(self, key: str, path: Path, *, durable: bool = True) -> ObjectStat:
        """Read the file in and remove it."""
        check_key(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise missing(str(path)) from None
        self.delete(key)
        self._objects[key] = (content, path.stat().st_mtime_ns)
        path.unlink()
        return self._stat(key)

    def local_path(self, key: str) -> Path:
        """A path in the temporary folder, with the object or folder of objects written out."""
        check_key(key)
        self._absorb()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="cutroom-memory-store-")
        root = Path(self._folder.name)
        for name, (content, _) in self._objects.items():
            if name == key or name.startswith(f"{key}/"):
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        return root / key

    def put_once(self, key: str, data: bytes) -> bool:
        """Take the bytes unless there are some."""
        if self.stat(key) is not None:
            return False
        self._objects[key] = (data, time.time_ns())
        return True

    def key_at(self, path: Path) -> str | None:
        """The path below the temporary folder."""
        root = None if self._folder is None else Path(self._folder.name)
        return path.relative_to(root).as_posix() if root is not None and root in path.parents else None

    def fetch(self, key: str) -> Path:
        """Write it into the temporary folder."""
        path = self.local_path(key)
        if not path.exists():
            raise missing(key)
        return path

    def keep(self, key: str) -> int:
        """Take in what lies in the temporary folder."""
        check_key(key)
        self._absorb()
        return 0

    def sweep_unfinished(self, *, older_than_seconds: float, dry_run: bool) -> int:
        """Nothing is ever unfinished here."""
        return 0

    def download_url(self, key: str, *, seconds: int, media_type: str, name: str | None = None) -> None:
        """There are no addresses."""

    def upload_form(self, key: str, *, seconds: int, max_bytes: int) -> None:
        """There are no addresses."""

    def open(self, key: str) -> BinaryIO:
        """The object's bytes as a file."""
        return io.BytesIO(self._content(key))

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """A part of the object."""
        return self._content(key)[start : start + length]

    def stat(self, key: str) -> ObjectStat | None:
        """Size and age, or None."""
        check_key(key)
        self._absorb()
        return self._stat(key) if key in self._objects else None

    def delete(self, key: str) -> None:
        """Forget the object."""
        check_key(key)
        self._absorb()
        self._objects.pop(key, None)
        if self._folder is not None:
            path = Path(self._folder.name, key)
            if path.is_file():
                path.unlink()

    def delete_prefix(self, prefix: str) -> int:
        """Forget the objects below the folder."""
        doomed = [one.key for one in self.list(prefix)]
        for key in doomed:
            self.delete(key)
        return len(doomed)

    def list(self, prefix: str) -> Iterator[ObjectStat]:
        """The objects below the folder."""
        check_key(prefix)
        self._absorb()
        yield from [self._stat(key) for key in sorted(self._objects) if key.startswith(f"{prefix}/")]

    def _content(self, key: str) -> bytes:
        check_key(key)
        self._absorb()
        if key not in self._objects:
            raise missing(key)
        return self._objects[key][0]

    def _stat(self, key: str) -> ObjectStat:
        content, mtime_ns = self._objects[key]
        return ObjectStat(key=key, size_bytes=len(content), mtime_ns=mtime_ns, stored_ns=mtime_ns)

    def _absorb(self) -> None:
        if self._folder is None:
            return
        root = Path(self._folder.name)
        for path in root.rglob("*"):
            key = path.relative_to(root).as_posix()
            if path.is_file() and (key not in self._objects or self._objects[key][0] != path.read_bytes()):
                self._objects[key] = (path.read_bytes(), time.time_ns())
