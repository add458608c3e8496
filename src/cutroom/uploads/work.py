"""Fetching a URL: what a bounded child runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cutroom.net.addresses import Allowed
from cutroom.net.client import SafeClient
from cutroom.uploads import errors
from cutroom.uploads.magic import HEAD_BYTES, looks_like_media


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A file that lies at the path that was given."""

    url: str  # where it was in the end, after redirects
    size_bytes: int
    name: str | None  # as the server calls it


def fetch(
    *,
    report: Callable[[dict[str, Any]], None],
    url: str,
    path: str,
    allow: list[str],
    max_bytes: int,
    seconds: float,
) -> Fetched:
    """Fetch `url` to `path`, going on with what an earlier attempt left there.

    Raises `uploads.not-video` as soon as that is certain, `uploads.empty`, and codes that begin with `net.`.
    """
    target = Path(path)
    refuse = _Sniffer(target, url)

    def on_bytes(come: int, whole: int | None) -> None:
        refuse.look()
        report({"fraction": come / whole if whole else 0.0, "stage": "fetching"})

    client = SafeClient(Allowed.parse(allow))
    done = asyncio.run(client.resume(url, target, max_bytes=max_bytes, seconds=seconds, on_bytes=on_bytes))
    refuse.look(whole=True)
    name = None if done.name is None or len(done.name) > 255 or "\0" in done.name else done.name
    return Fetched(url=done.url, size_bytes=done.size_bytes, name=name)


class _Sniffer:
    """Looks at the file's beginning once, when it is on the disk."""

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._url = url
        self._content = False

    def look(self, *, whole: bool = False) -> None:
        if self._content:
            return
        with self._path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if whole and not head:
            raise errors.empty(self._url)
        if len(head) == HEAD_BYTES or whole:
            if not looks_like_media(head):
                raise errors.not_video(self._url)
            self._content = True
