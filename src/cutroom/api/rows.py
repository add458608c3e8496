"""Videos as they go over the wire: msgspec values with the fields of `schemas.videos`, encoded without pydantic.

A contract test keeps the two in step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.api.media_urls import HERE, Links, peaks_url, playlist_url, poster, sprite, timing
from cutroom.bootstrap.container import Cutroom
from cutroom.jobs.models import Job, JobState
from cutroom.library.models import LocationKind, Video
from cutroom.proxies.models import AssetViews, Proxy


class Owner(msgspec.Struct, frozen=True):
    id: str
    name: str


class Duration(msgspec.Struct, frozen=True):
    seconds: float
    num: int
    den: int


class JobsSummary(msgspec.Struct, frozen=True):
    active: int
    stage: str | None
    progress: float | None


class VideoRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    added_at: int
    owner: Owner | None
    visibility: str
    size_bytes: int
    duration: Duration | None
    frame_rate: str | None
    width: int | None
    height: int | None
    verdict: str
    verdict_message: str | None
    proxy_state: str
    thumbhash: str | None
    poster: dict[str, list[dict[str, Any]]] | None
    sprite: dict[str, Any] | None
    tags: list[str]
    jobs: JobsSummary


class VideoPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[VideoRow]
    next: str | None
    total: int
    total_exact: bool
    corrected: str | None


class Location(msgspec.Struct, frozen=True):
    kind: str
    path: str | None


class Download(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    url: str
    height: int | None = None
    track: int | None = None
    about: str | None = None


class VideoDetail(VideoRow, frozen=True, kw_only=True):
    location: Location
    probe: dict[str, Any] | None
    findings: list[dict[str, Any]]
    timing: dict[str, Any] | None
    playlist: str | None
    peaks: str | None
    original_url: str
    downloads: list[Download]


async def rows_of(
    services: Cutroom, conn: AsyncConnection, videos: Sequence[Video], links: Links = HERE
) -> list[VideoRow]:
    """The list rows of some videos, in three queries however many there are."""
    views = await services.proxies.views(conn, {video.asset_id for video in videos})
    subjects = {video.id for video in videos} | {video.asset_id for video in videos}
    active = await services.jobs.active(conn, subjects)
    return [
        VideoRow(**_fields(video, views.get(video.asset_id, AssetViews()), _jobs_of(video, active), links, exact=False))
        for video in videos
    ]


async def detail_of(
    services: Cutroom, conn: AsyncConnection, video: Video, links: Links = HERE, *, with_path: bool
) -> VideoDetail:
    """Everything the watch page shows; `with_path` tells where a referenced file is."""
    views = (await services.proxies.views(conn, {video.asset_id})).get(video.asset_id, AssetViews())
    active = await services.jobs.active(conn, {video.id, video.asset_id})
    proxy = await services.proxies.playback(conn, video.asset_id)
    shown = with_path and video.location_kind is LocationKind.REFERENCE
    return VideoDetail(
        **_fields(video, views, _jobs_of(video, active), links, exact=True),
        location=Location(video.location_kind.value, printable(video.path) if shown else None),
        probe=video.probe,
        findings=await services.inspection.findings(conn, video.id),
        timing=timing(video.id, proxy, links),
        playlist=playlist_url(video.id, proxy, links),
        peaks=peaks_url(video.id, views, links),
        original_url=f"/api/videos/{video.id}/original",
        downloads=_downloads(video, proxy),
    )


def _downloads(video: Video, proxy: Proxy | None) -> list[Download]:
    """The original, each rung of a finished ladder, each sound track."""
    base = f"/api/videos/{video.id}"
    found = [Download(kind="original", url=f"{base}/original")]
    if proxy is not None and proxy.state == "ready":
        heights = [rung["height"] for rung in proxy.rungs]
        found += [Download(kind="rung", url=f"{base}/progressive/{one}.mp4", height=one) for one in heights]
    for number, sound in enumerate((video.probe or {}).get("audio") or []):
        about = ", ".join(filter(None, (sound.get("title"), sound.get("language"), sound.get("codec"))))
        found.append(Download(kind="sound", url=f"{base}/audio?track={number}", track=number, about=about or None))
    return found


def printable(text: str) -> str:
    """A path as text that JSON can hold: bytes that are not UTF-8 are replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _fields(video: Video, views: AssetViews, jobs: JobsSummary, links: Links, *, exact: bool) -> dict[str, Any]:
    duration, rate = video.duration, video.rate
    return {
        "id": video.id,
        "name": video.name,
        "added_at": video.added_at,
        "owner": Owner(video.owner_id, video.owner_name or "") if video.owner_id is not None else None,
        "visibility": video.visibility.value,
        "size_bytes": video.size_bytes,
        "duration": Duration(float(duration), duration.numerator, duration.denominator) if duration else None,
        "frame_rate": f"{rate.numerator}/{rate.denominator}" if rate else None,
        "width": video.width,
        "height": video.height,
        "verdict": video.verdict,
        "verdict_message": video.verdict_message,
        "proxy_state": video.proxy_state.value,
        "thumbhash": views.thumbnails.detail.get("thumbhash") if views.thumbnails else None,
        "poster": poster(video.id, views, links),
        "sprite": sprite(video.id, views, links, exact=exact),
        "tags": list(video.tags),
        "jobs": jobs,
    }


def _jobs_of(video: Video, active: dict[str, list[Job]]) -> JobsSummary:
    jobs = [*active.get(video.id, ()), *active.get(video.asset_id, ())]
    running = [job for job in jobs if job.state is JobState.RUNNING]
    if not running:
        return JobsSummary(len(jobs), None, None)
    # The one that takes longest is what a person waits for.
    shown = min(running, key=lambda job: job.progress)
    return JobsSummary(len(jobs), shown.stage or shown.kind, round(shown.progress, 4))
