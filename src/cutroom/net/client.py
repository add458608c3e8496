"""The one way out: HTTP requests with bounded time and size, over guarded connections.

No proxy, no cookie and no credential is taken from the environment, and nothing is decompressed.
"""

from __future__ import annotations

import asyncio
import functools
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import certifi
import httpcore
import msgspec

import cutroom
from cutroom.core.errors import CutroomError
from cutroom.net import errors
from cutroom.net.addresses import Allowed
from cutroom.net.guard import Guard, Resolver, resolve
from cutroom.net.resuming import Kept, file_name
from cutroom.net.urls import Target, follow, parse

CONNECT_SECONDS = 5.0
STALL_SECONDS = 30.0
MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_WRITE_BYTES = 1 << 20
_AGENT = f"Cutroom/{cutroom.__version__}"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes  # the beginning of it, as far as it was wanted


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was fetched."""

    url: str  # where it was in the end
    size_bytes: int
    media_type: str | None  # as the server says
    name: str | None = None  # of the file, where the server gives one


OnBytes = Callable[[int, int | None], None]
"""Told how many bytes have come, and of how many where that is known."""


class SafeClient:
    """Sends requests to public hosts and to what is allowed besides. Each request has a connection of its own."""

    def __init__(
        self, allowed: Allowed | None = None, *, resolver: Resolver = resolve, trusted: ssl.SSLContext | None = None
    ) -> None:
        """`trusted` says whose certificates are believed; None: the system's and Mozilla's authorities."""
        self._guard = Guard(allowed or Allowed(), resolver)
        self._trusted = trusted

    async def check(self, url: str) -> None:
        """Raise what would keep a request to this URL from being sent: `net.url-invalid`, `net.address-refused`.

        A name that nobody answers to now is fine: it may come.
        """
        target = parse(url)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._guard.permitted(target.host, target.port)
        except CutroomError as error:
            if error.code != "net.unknown-host":
                raise
        except TimeoutError:
            return

    async def post(
        self, url: str, content: bytes, *, headers: Mapping[str, str], seconds: float, max_bytes: int
    ) -> Answer:
        """Send `content` and read at most `max_bytes` of the answer, within `seconds`. Follows no redirect.

        Raises a `CutroomError` whose code starts with `net.`.
        """
        target = parse(url)
        try:
            async with (
                asyncio.timeout(seconds),
                self._ask("POST", target, headers=headers, content=content, stall=seconds) as response,
            ):
                body = b""
                async for chunk in response.aiter_stream():
                    body += chunk[: max_bytes - len(body)]
                    if len(body) >= max_bytes:
                        break
                return Answer(status=response.status, headers=_headers(response), body=body)
        except TimeoutError:
            raise errors.timed_out(target.shown, seconds) from None

    async def download(
        self,
        url: str,
        path: Path,
        *,
        max_bytes: int,
        seconds: float,
        stall_seconds: float = STALL_SECONDS,
        on_bytes: OnBytes | None = None,
    ) -> Downloaded:
        """Fetch a URL to a new file within `seconds`, following a few redirects; nothing is left of it on failure.

        `stall_seconds` is the longest wait for the next bytes. Raises a `CutroomError` whose code starts with
        `net.`, and FileExistsError.
        """
        target = parse(url)
        file = await asyncio.to_thread(path.open, "xb")
        try:
            async with asyncio.timeout(seconds):
                return await self._fetch(target, file, max_bytes, stall_seconds, on_bytes)
        except BaseException as error:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            if isinstance(error, TimeoutError):
                raise errors.timed_out(target.shown, seconds) from None
            raise
        finally:
            await asyncio.to_thread(file.close)

    async def resume(
        self,
        url: str,
        path: Path,
        *,
        max_bytes: int,
        seconds: float,
        stall_seconds: float = STALL_SECONDS,
        on_bytes: OnBytes | None = None,
    ) -> Downloaded:
        """As `download`, but what has come stays when this fails, and the next call goes on from there.

        It does so where the server can say that the file is still the same one (RFC 9110, 13.1.5: If-Range).
        """
        target = parse(url)
        kept = await asyncio.to_thread(Kept.read, path, url)
        file = await asyncio.to_thread(path.open, "ab")
        try:
            async with asyncio.timeout(seconds):
                done = await self._fetch(target, file, max_bytes, stall_seconds, on_bytes, kept)
            await asyncio.to_thread(kept.forget)
            return done
        except TimeoutError:
            raise errors.timed_out(target.shown, seconds) from None
        finally:
            await asyncio.to_thread(file.close)

    async def _fetch(
        self,
        target: Target,
        file: BinaryIO,
        max_bytes: int,
        stall: float,
        on_bytes: OnBytes | None,
        kept: Kept | None = None,
    ) -> Downloaded:
        for _ in range(MAX_REDIRECTS + 1):
            asked = {"accept-encoding": "identity", **({} if kept is None else kept.headers)}
            async with self._ask("GET", target, headers=asked, stall=stall) as response:
                headers = _headers(response)
                if response.status in _REDIRECTS and "location" in headers:
                    target = follow(target, headers["location"])
                    continue
                start = 0
                if kept is not None:
                    if response.status == 416:
                        kept.restart(file)
                        continue
                    start = kept.begin(file, response.status, headers)
                if response.status != (206 if start else 200):
                    raise errors.answered(target.shown, response.status)
                if headers.get("content-encoding", "identity") != "identity":
                    raise errors.broken(target.shown, f"it sends {headers['content-encoding']!r}, not the file itself")
                size = await _store(response, target, file, max_bytes, on_bytes, start)
                return Downloaded(
                    url=target.url, size_bytes=size, media_type=headers.get("content-type"), name=file_name(headers)
                )
        raise errors.redirect_refused(target.shown, f"there were more than {MAX_REDIRECTS} in a row")

    @asynccontextmanager
    async def _ask(
        self, method: str, target: Target, *, headers: Mapping[str, str], stall: float, content: bytes | None = None
    ) -> AsyncIterator[httpcore.Response]:
        trusted = None
        if target.scheme == "https":
            trusted = self._trusted or await asyncio.to_thread(_system_trust)
        limits = {"connect": min(CONNECT_SECONDS, stall), "read": stall, "write": stall, "pool": stall}
        pool = httpcore.AsyncConnectionPool(
            ssl_context=trusted, network_backend=self._guard, max_keepalive_connections=0, retries=0
        )
        try:
            async with (
                pool,
                pool.stream(
                    method,
                    httpcore.URL(
                        scheme=target.scheme.encode(),
                        host=target.host.encode(),
                        port=target.port,
                        target=target.path.encode(),
                    ),
                    headers=list({"host": target.shown, "user-agent": _AGENT, **headers}.items()),
                    content=content,
                    extensions={"timeout": limits},
                ) as response,
            ):
                yield response
        except httpcore.TimeoutException as error:
            seconds = limits["connect"] if isinstance(error, httpcore.ConnectTimeout) else stall
            raise errors.timed_out(target.shown, seconds) from None
        except httpcore.ConnectError as error:
            raise _not_connected(target, error) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise errors.broken(target.shown, str(error).rstrip(".") or "it was closed early") from None


async def _store(
    response: httpcore.Response,
    target: Target,
    file: BinaryIO,
    max_bytes: int,
    on_bytes: OnBytes | None,
    start: int = 0,
) -> int:
    """Write the body, which begins at byte `start` of the file; the file's size in the end."""
    declared = _headers(response).get("content-length", "")
    whole = start + int(declared) if declared.isascii() and declared.isdigit() else None
    if whole is not None and whole > max_bytes:
        raise errors.too_large(target.shown, max_bytes)
    size, waiting = start, bytearray()
    try:
        async for chunk in response.aiter_stream():
            size += len(chunk)
            if size > max_bytes:
                raise errors.too_large(target.shown, max_bytes)
            waiting += chunk
            if len(waiting) >= _WRITE_BYTES:
                await asyncio.to_thread(file.write, waiting)
                waiting = bytearray()
            if on_bytes is not None:
                on_bytes(size, whole)
    finally:
        await asyncio.to_thread(file.write, waiting)
    return size


def _headers(response: httpcore.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}


def _not_connected(target: Target, error: Exception) -> CutroomError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return errors.certificate_refused(target.shown, cause)
        if isinstance(cause, OSError) and cause.errno:
            return errors.unreachable(target.shown, os.strerror(cause.errno).lower())
        cause = cause.__cause__ or cause.__context__
    return errors.unreachable(target.shown, str(error).lower() or "the connection was refused")


@functools.cache
def _system_trust() -> ssl.SSLContext:
    # Both: a container may lack the system's store, and an internal receiver's authority is only in that.
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
