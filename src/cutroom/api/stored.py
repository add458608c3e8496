"""Serving an object of the store: its local copy when there is one, else from the bucket or by leading there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from pathlib import Path
from typing import Any, NotRequired, TypedDict, Unpack

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from cutroom.api.files import FileAnswer, attachment, decide, etag, raw_headers, send_pieces
from cutroom.bootstrap.container import Cutroom
from cutroom.storage.port import ObjectStat, ObjectStore

REDIRECT_SECONDS = 3600
"""How long an address of the bucket is good for: a paused download may go on within it."""


class Described(TypedDict):
    """What `FileAnswer` is told about a file."""

    media_type: str
    cache_control: str
    missing: str
    download_name: NotRequired[str | None]
    make: NotRequired[Callable[[], Coroutine[Any, Any, Path]] | None]


def stored_answer(services: Cutroom, key: str, **told: Unpack[Described]) -> FileAnswer:
    """The answer for an object; see `FileAnswer` for the rest."""
    store = services.store
    path, accel = store.local_path(key), services.settings.server.accel
    if not store.remote:
        return FileAnswer(path, accel=accel, **told)
    redirect = services.settings.storage.delivery == "redirect"

    async def elsewhere(media_type: str, cache_control: str, name: str | None) -> Response | None:
        found = await asyncio.to_thread(store.stat, key)
        if found is None:
            return None
        # A playlist names its parts relative to itself, so it must come from the same place as they do.
        if redirect and not key.endswith(".m3u8"):
            url = store.download_url(key, seconds=REDIRECT_SECONDS, media_type=media_type, name=name)
            return RedirectResponse(url or "", status_code=307, headers={"cache-control": "private, no-store"})
        return ObjectAnswer(store, found, media_type=media_type, cache_control=cache_control, download_name=name)

    return FileAnswer(path, elsewhere=elsewhere, accel=accel, **told)


class ObjectAnswer(Response):
    """An object of a bucket, whole or the range that was asked for, in memory only a piece at a time."""

    def __init__(
        self,
        store: ObjectStore,
        found: ObjectStat,
        *,
        media_type: str,
        cache_control: str,
        download_name: str | None,
    ) -> None:
        self.background = None
        self._store = store
        self._found = found
        self._told: dict[str, str] = {
            "content-type": media_type,
            "accept-ranges": "bytes",
            "etag": etag(f"{found.key}\0{found.size_bytes}\0{found.mtime_ns}"),
            "last-modified": formatdate(found.mtime_ns / 1e9, usegmt=True),
            "cache-control": cache_control,
        }
        if download_name is not None:
            self._told["content-disposition"] = attachment(download_name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide, then send."""
        size, headers = self._found.size_bytes, dict(self._told)
        code, start, end = decide(Headers(scope=scope), headers, size)
        if code in (206, 416):
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}" if code == 206 else f"bytes */{size}"
        if code == 304:
            headers.pop("content-type")
        else:
            headers["content-length"] = str(end - start)
        await send({"type": "http.response.start", "status": code, "headers": raw_headers(headers)})
        if scope["method"] == "HEAD" or code in (304, 416):
            await send({"type": "http.response.body", "body": b""})
            return
        await send_pieces(self._read, start, end, receive, send)

    def _read(self, start: int, length: int) -> bytes:
        return self._store.read_range(self._found.key, start, length)
