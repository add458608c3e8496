"""What a person takes home: counted facts, a sound track, a rung as one MP4; media is read in the caller's pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind, not_found
from cutroom.db.engine import Database
from cutroom.library.models import Summary, Video
from cutroom.library.service import LibraryService
from cutroom.media.audio_plan import AudioFormat, AudioPlan, plan_audio
from cutroom.media.byte_stream import child_bytes
from cutroom.media.facts import GopFacts, Probe, with_count
from cutroom.media.pool import DecodePool
from cutroom.proxies.models import Joined, Proxy, ladder_prefix
from cutroom.proxies.service import ProxyService
from cutroom.storage.port import ObjectStore

_SLOWEST_BYTES = 20e6  # a second, that a walk over a file is given
_WALK_SECONDS = 60.0
_JOIN_SECONDS = 120.0
_STREAM_SECONDS = 6 * 3600.0  # of sound going out to somebody with a slow line
_INDEX_VERSION = 1
"""Grows when the layout of a joined rung changes."""


class DownloadService:
    """Downloads of videos. The same question asked twice at once is worked out once."""

    def __init__(
        self, *, database: Database, library: LibraryService, proxies: ProxyService, store: ObjectStore, scratch: Path
    ) -> None:
        self._database = database
        self._library = library
        self._proxies = proxies
        self._store = store
        self._scratch = scratch
        self._running: dict[str, asyncio.Task[Any]] = {}

    def facts(self, video: Video) -> Probe:
        """What the video's file declares; raises `media.not-inspected`."""
        return _probe_of(video)

    async def counted(self, video: Video, pool: DecodePool) -> Probe:
        """The video's probe with counted frames and GOP facts: kept from an earlier walk, or from a walk now.

        Raises `media.not-inspected`, `media.not-found`, and what reading the file raises.
        """
        probe = _probe_of(video)
        if probe.counted is not None:
            return probe
        if probe.video is None:
            raise CutroomError("media.not-video", f"{video.name} has no picture to count.", kind=ErrorKind.UNSUPPORTED)
        found: Probe = await self._once(f"count:{video.asset_id}", lambda: self._count(video, probe, pool))
        return found

    async def _count(self, video: Video, probe: Probe, pool: DecodePool) -> Probe:
        async with self._database.transaction() as tx:
            source = await self._library.source_of(tx, video)
        if source is None:
            raise CutroomError(
                "media.not-found", f"{video.name} is not where it was, or has changed.", kind=ErrorKind.NOT_FOUND
            )
        await asyncio.to_thread(self._library.fetched, video)
        deadline = _WALK_SECONDS + source.size_bytes / _SLOWEST_BYTES
        try:
            counted = await pool.run(
                "cutroom.proxies.downloading:count_pictures", {"path": source.path}, deadline_seconds=deadline
            )
        except CutroomError as error:
            raise _named(error, source.path, video.name) from error
        found = with_count(probe, msgspec.convert(counted, GopFacts))
        async with self._database.transaction() as tx:
            showing = [one.id for one in await self._library.of_asset(tx.conn, video.asset_id)]
            await self._library.set_summary(tx, showing, Summary(probe=msgspec.to_builtins(found)))
        return found

    def audio_plan(self, video: Video, track: int, wanted: AudioFormat) -> AudioPlan:
        """How sound track `track` leaves; raises `media.no-sound`, `media.no-track`, `media.not-inspected`."""
        return plan_audio(_probe_of(video), track, wanted)

    async def audio(self, video: Video, plan: AudioPlan, pool: DecodePool) -> AsyncGenerator[bytes, None]:
        """The bytes of that file as they are made; leaving the iteration stops the work."""
        path = await asyncio.to_thread(self._library.fetched, video)
        stream = child_bytes(
            pool,
            "cutroom.proxies.downloading:stream_audio",
            {"source": path, "plan": msgspec.to_builtins(plan)},
            scratch=self._scratch,
            deadline_seconds=_STREAM_SECONDS,
        )
        try:
            async for piece in stream:
                yield piece
        except CutroomError as error:
            raise _named(error, path, video.name) from error
        finally:
            await stream.aclose()

    async def progressive(self, video: Video, height: int, pool: DecodePool) -> Joined:
        """A rung with all its sound as one MP4; its table is worked out once and kept beside the segments.

        Raises `proxy.not-ready`, `proxy.not-found`, `proxy.incomplete`.
        """
        async with self._database.read() as conn:
            proxy = await self._proxies.playback(conn, video.asset_id)
        if proxy is None or proxy.state != "ready" or proxy.playlist_key is None:
            raise CutroomError(
                "proxy.not-ready", f"The proxy of {video.name} is not finished.", kind=ErrorKind.CONFLICT
            )
        if height not in {rung["height"] for rung in proxy.rungs}:
            raise not_found("proxy", f"{height}p of {video.name}")
        found: Joined = await self._once(f"join:{proxy.id}:{height}", lambda: self._join(proxy, height, pool))
        return found

    async def _join(self, proxy: Proxy, height: int, pool: DecodePool) -> Joined:
        assert proxy.playlist_key is not None
        prefix = ladder_prefix(proxy.asset_id, proxy.recipe)
        key = f"{prefix}/progressive/{height}-{_INDEX_VERSION}.index"
        folder, index = self._store.local_path(prefix), self._store.local_path(key)
        if await asyncio.to_thread(self._store.stat, key) is None:
            await asyncio.to_thread(self._store.fetch, prefix)
            arguments = {
                "folder": str(folder),
                "master": str(self._store.local_path(proxy.playlist_key)),
                "height": height,
                "index": str(index),
            }
            target = "cutroom.proxies.downloading:join_rung"
            await pool.run(target, arguments, deadline_seconds=_JOIN_SECONDS)
            await asyncio.to_thread(self._store.keep, key)
        from cutroom.media.progressive import Progressive  # with numpy, which most commands never need

        data = await asyncio.to_thread(self._store.fetch(key).read_bytes)
        file = msgspec.msgpack.decode(data, type=Progressive)
        return Joined(prefix=prefix, file=file, made_at=proxy.finished_at or 0)

    async def _once(self, key: str, work: Callable[[], Awaitable[Any]]) -> Any:
        running = self._running.get(key)
        if running is None:

            async def run() -> Any:
                return await work()

            running = self._running[key] = asyncio.create_task(run())
            running.add_done_callback(lambda _: self._running.pop(key, None))
        # One who leaves must not take the answer away from the others.
        return await asyncio.shield(running)


def _probe_of(video: Video) -> Probe:
    try:
        return msgspec.convert(video.probe, Probe)
    except msgspec.ValidationError as error:
        raise CutroomError(
            "media.not-inspected",
            f"Nothing is known about the inside of {video.name} yet.",
            hint="Wait for its inspection, or inspect it again.",
            kind=ErrorKind.CONFLICT,
        ) from error


def _named(error: CutroomError, path: str, name: str) -> CutroomError:
    """The error with the file called by its name: where it lies on the server is not for every account to know."""
    return CutroomError(error.code, error.message.replace(path, name), hint=error.hint, kind=error.kind)
