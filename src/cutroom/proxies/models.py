"""Values of proxies and previews, which hang on an asset."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from cutroom.media.progressive import Progressive


class PreviewKind(StrEnum):
    """What a preview row holds."""

    THUMBNAILS = "thumbnails"  # detail: proxies.work ThumbnailResult
    SPRITE = "sprite"  # detail: the tile map
    PEAKS = "peaks"


WHOLE = "whole"
"""Folder, below a ladder's prefix, of the playlists that list every segment before it is made."""


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """An asset's ladder under one recipe. Instants in microseconds."""

    id: str
    asset_id: str
    recipe: str
    state: str  # encoding, ready, failed
    playlist_key: str | None  # object key of the master playlist; there as soon as it can be played
    rungs: list[dict[str, Any]]  # [{height, width, bandwidth, codecs, frame_rate}]
    timing: dict[str, Any] | None  # {rate, frames, first_pts, time_base, variable, pts}; once ready
    size_bytes: int
    created_at: int
    finished_at: int | None
    error: dict[str, Any] | None  # {code, message, hint}

    @property
    def whole(self) -> bool:
        """Whether the playlist to play lists everything before it is made."""
        return self.playlist_key is not None and self.playlist_key.split("/")[-2] == WHOLE

    @property
    def playlist_name(self) -> str | None:
        """The master playlist's name for `ProxyService.media`: `hls/attempt-3/master.m3u8`."""
        if self.playlist_key is None:
            return None
        return "hls/" + self.playlist_key.removeprefix(ladder_prefix(self.asset_id, self.recipe) + "/")


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures or peaks of an asset. Instants in microseconds."""

    asset_id: str
    kind: PreviewKind
    prefix: str  # object key prefix of its files, without a slash at the end
    detail: dict[str, Any]
    created_at: int


class AssetViews(msgspec.Struct, frozen=True, kw_only=True):
    """What a list row shows of an asset."""

    thumbnails: Preview | None = None
    sprite: Preview | None = None
    peaks: Preview | None = None


class MediaObject(msgspec.Struct, frozen=True, kw_only=True):
    """A derived file to be served."""

    key: str
    media_type: str
    immutable: bool  # the bytes behind this name never change


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A rung as one MP4 that is put together while it is served."""

    prefix: str  # of the keys of its pieces
    file: Progressive
    made_at: int  # microseconds, when the ladder was finished


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides a ladder's bits; its hash is in every object key."""

    version: int  # grows when the encoder's own settings change
    ladder: str  # "auto", "full", or heights as "720,480,240"
    segment_seconds: Fraction
    quality: str = "balanced"  # a name in media.ladder.plan.QUALITIES

    @property
    def heights(self) -> list[int] | str:
        """The ladder as `proxies.work.build_ladder` takes it."""
        if self.ladder in {"auto", "full"}:
            return self.ladder
        return [int(height) for height in self.ladder.split(",")]


def ladder_prefix(asset_id: str, recipe: str) -> str:
    """The key prefix of a ladder's segments and playlists."""
    return f"proxies/{asset_id}/{recipe}"


def preview_prefix(asset_id: str, recipe: str) -> str:
    """The key prefix of an asset's previews."""
    return f"previews/{asset_id}/{recipe}"


def attempt_prefix(asset_id: str, recipe: str, job_id: str, fence: int) -> str:
    """The key prefix of the previews that one attempt at a job made."""
    return f"{preview_prefix(asset_id, recipe)}/{job_id}-{fence}"


def job_key(kind: str, asset_id: str, recipe: str) -> str:
    """What makes two jobs for a ladder the same."""
    return f"{kind}:{asset_id}:{recipe}"
