"""The object store port: keys such as `previews/ast_…/sprite-0.webp`, whole immutable objects behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind

MAX_KEY_BYTES = 1024


class ObjectStat(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an object without reading it."""

    key: str
    size_bytes: int
    mtime_ns: int


class ObjectStore(Protocol):
    """Synchronous, because every call is short or runs in a thread of its caller's.

    Every method raises `storage.bad-key` for a key that `check_key` refuses, `storage.full` when the disk is full,
    and `storage.failed` when the disk refuses for another reason.
    """

    def adopt(self, key: str, path: Path, *, durable: bool = True) -> ObjectStat:
        """Move the file at `path` in as `key`, whole or not at all, replacing what is there; `path` is gone after.

        Called when a job or an upload publishes. `durable`: the bytes are on the disk before the key shows them; for
        what can be made again it may be left out, because flushing many small files holds up the transaction.
        """
        ...

    def local_path(self, key: str) -> Path:
        """The absolute local path of an object or of a folder of objects, there or not.

        For workers, which read originals and write immutable segments below it.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """Open an object to read; raises `storage.not-found`."""
        ...

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from byte `start`; fewer at the end; raises `storage.not-found`."""
        ...

    def stat(self, key: str) -> ObjectStat | None:
        """The object's size and age, or None when there is none."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        ...

    def delete_prefix(self, prefix: str) -> int:
        """Remove every object below the folder `prefix` and return how many there were."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectStat]:
        """The objects below the folder `prefix`, ordered by key."""
        ...


def check_key(key: str) -> str:
    """Return `key` when it is relative, normalised, and leads nowhere else; raise `storage.bad-key` otherwise."""
    parts = key.split("/")
    printable = not any(ord(letter) < 32 or ord(letter) == 127 or letter == "\\" for letter in key)
    if key and printable and len(key.encode("utf-8", "replace")) <= MAX_KEY_BYTES and all(map(_good_part, parts)):
        return key
    raise CutroomError("storage.bad-key", f"{key!r} is not the key of an object.")


def missing(key: str) -> CutroomError:
    """The error for reading an object that is not there."""
    return CutroomError("storage.not-found", f"There is no object {key!r} in the store.", kind=ErrorKind.NOT_FOUND)


def _good_part(part: str) -> bool:
    # 255 bytes is what ext4, xfs and apfs allow a name to be.
    return part not in {"", ".", ".."} and len(part.encode("utf-8", "replace")) <= 255
