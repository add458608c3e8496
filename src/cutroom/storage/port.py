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
    mtime_ns: int  # of the contents
    stored_ns: int  # when they came here


class UploadForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser sends a file with, past this server: a form of these fields, then the file as `file`."""

    url: str
    fields: dict[str, str]


class ObjectStore(Protocol):
    """Synchronous, because every call is short or runs in a thread of its caller's.

    Every method raises `storage.bad-key` for a key that `check_key` refuses, `storage.full` when the disk is full,
    and `storage.failed` when the disk refuses for another reason; a store over a network also `storage.denied` and
    `storage.unreachable`.
    """

    remote: bool
    """Whether an object may be without a local copy, so that `fetch` may take its time."""

    def adopt(self, key: str, path: Path, *, durable: bool = True) -> ObjectStat:
        """Move the file at `path` in as `key`, whole or not at all, replacing what is there; `path` is gone after.

        Called when a job or an upload publishes. `durable`: the bytes are on the disk before the key shows them; for
        what can be made again it may be left out, because flushing many small files holds up the transaction.
        """
        ...

    def put_once(self, key: str, data: bytes) -> bool:
        """Give `data` the key unless it is taken; the first writer wins. Whether this call was the first."""
        ...

    def local_path(self, key: str) -> Path:
        """The absolute local path of an object or of a folder of objects, there or not.

        For workers, which write immutable segments below it; to read, `fetch` first.
        """
        ...

    def key_at(self, path: Path) -> str | None:
        """The key whose local path this is; None for a path anywhere else."""
        ...

    def fetch(self, key: str) -> Path:
        """Bring an object, or every object of a folder, to its local path; raises `storage.not-found`.

        A local copy may go again when room is needed for others, unless it has a second hard link.
        """
        ...

    def keep(self, key: str) -> int:
        """What was written to the local path of an object or a folder becomes objects; how many those were.

        Names that begin with a dot are not taken. What is here already is not sent again.
        """
        ...

    def sweep_unfinished(self, *, older_than_seconds: float, dry_run: bool) -> int:
        """Remove what adoptions and uploads that were killed have left; how many there were."""
        ...

    def download_url(self, key: str, *, seconds: int, media_type: str, name: str | None = None) -> str | None:
        """An address where anybody may read the object for a while, as a download when there is a `name`.

        None when the store has no addresses of its own.
        """
        ...

    def upload_form(self, key: str, *, seconds: int, max_bytes: int) -> UploadForm | None:
        """How anybody may send the object for a while, past this server; None when the store cannot do that."""
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
