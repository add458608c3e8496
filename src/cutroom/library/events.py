"""What the library announces inside a transaction; `bootstrap` subscribes the upper domains."""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.library.models import Video


@dataclass(frozen=True, kw_only=True)
class VideosAdded:
    """Videos were added, or their files have changed: they need an inspection. A batch, because folders are large."""

    videos: tuple[Video, ...]


@dataclass(frozen=True, kw_only=True)
class VideoInspected:
    """A verdict and, where the file opened, its probe are on the row now."""

    video: Video
    news: bool
    """Whether it is another verdict than the one before on these bytes, or the first."""


@dataclass(frozen=True, kw_only=True)
class VideoHashed:
    """The whole file has been read; `video` hangs on the asset of its contents now.

    `left_asset_id` is the asset it hung on before, when another video had brought the same contents first.
    """

    video: Video
    content_hash: str
    left_asset_id: str | None


@dataclass(frozen=True, kw_only=True)
class VideoOpened:
    """Somebody looks at it: its work goes first."""

    video: Video


@dataclass(frozen=True, kw_only=True)
class VideoReady:
    """Its whole ladder stands: it can be played from the first to the last frame."""

    video: Video


@dataclass(frozen=True, kw_only=True)
class VideoDeleting:
    """The video's row is about to go, in this transaction."""

    video: Video


@dataclass(frozen=True, kw_only=True)
class AssetDeleting:
    """No video shows the asset any more; its row, and what hangs on it, is about to go in this transaction."""

    asset_id: str
