"""What is kept of a download that broke off, so that the next one goes on from there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import BinaryIO

import msgspec

_CONTENT_RANGE = re.compile(r"^bytes (\d+)-\d+/(?:\d+|\*)$")


class _Note(msgspec.Struct):
    url: str
    validator: str


class Kept:
    """A file that is still to be completed, and beside it what tells whether the server's is the same one."""

    def __init__(self, path: Path, url: str, size_bytes: int, validator: str | None) -> None:
        self._note = path.with_name(path.name + ".from")
        self._url = url
        self._size_bytes = size_bytes
        self._validator = validator

    @classmethod
    def read(cls, path: Path, url: str) -> Kept:
        """What an earlier try has left; nothing when it was for another URL."""
        kept = cls(path, url, 0, None)
        try:
            note = msgspec.json.decode(kept._note.read_bytes(), type=_Note)
            size = path.stat().st_size
        except (OSError, msgspec.DecodeError):
            return kept
        return cls(path, url, size, note.validator) if note.url == url else kept

    @property
    def headers(self) -> dict[str, str]:
        """What asks for the rest."""
        if not self._size_bytes or self._validator is None:
            return {}
        return {"range": f"bytes={self._size_bytes}-", "if-range": self._validator}

    def begin(self, file: BinaryIO, status: int, headers: Mapping[str, str]) -> int:
        """Where the answer's body begins in the file; from the start unless it is just what was asked for."""
        found = _CONTENT_RANGE.match(headers.get("content-range", ""))
        if status == 206 and found and int(found[1]) == self._size_bytes:
            return self._size_bytes
        self.restart(file)
        etag = headers.get("etag", "")
        self._validator = etag if etag.startswith('"') else headers.get("last-modified")
        if status == 200 and self._validator:
            self._note.write_bytes(msgspec.json.encode(_Note(self._url, self._validator)))
        return 0

    def restart(self, file: BinaryIO) -> None:
        """Nothing of what there is can be used."""
        file.truncate(0)
        self._size_bytes, self._validator = 0, None
        self._note.unlink(missing_ok=True)

    def forget(self) -> None:
        """The file is whole."""
        self._note.unlink(missing_ok=True)


def file_name(headers: Mapping[str, str]) -> str | None:
    """The name in a Content-Disposition header (RFC 6266), without folders."""
    message = Message()
    message["content-disposition"] = headers.get("content-disposition", "")
    name = message.get_filename()
    return name.replace("\\", "/").rpartition("/")[2].strip() or None if name else None
