"""Values of the library: videos, what a list asks for, and what adding answers."""

from __future__ import annotations

import os
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec


class LocationKind(StrEnum):
    """Where a video's bytes are."""

    REFERENCE = "reference"  # a path of the server's disk, never changed by Cutroom
    STORED = "stored"  # an object of the store, Cutroom's own


class Visibility(StrEnum):
    """Who sees a video besides its owner and administrators."""

    PRIVATE = "private"
    SHARED = "shared"


class ProxyState(StrEnum):
    """How far a video is on its way to the player."""

    NONE = "none"
    QUEUED = "queued"
    ENCODING = "encoding"  # playable as far as it has come
    READY = "ready"
    FAILED = "failed"


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the library that shows an asset, with the summary a list row needs. Instants in microseconds."""

    id: str
    asset_id: str
    owner_id: str | None
    owner_name: str | None  # filled by lists and `get`; None in events
    visibility: Visibility
    name: str
    location_kind: LocationKind
    location: bytes  # os.fsencode of the path or key
    size_bytes: int
    mtime_ns: int
    added_at: int
    verdict: str  # "pending" until inspected, then an inspection status
    verdict_message: str | None
    proxy_state: ProxyState
    poster: str | None  # object key of the smallest JPEG thumbnail
    duration: Fraction | None  # seconds
    rate: Fraction | None  # frames a second
    width: int | None  # display pixels
    height: int | None
    tags: tuple[str, ...] = ()
    probe: dict[str, Any] | None = None  # media.Probe as JSON; None in lists, and until inspected

    @property
    def path(self) -> str:
        """The path or key as the operating system takes it."""
        return os.fsdecode(self.location)

    @property
    def audience(self) -> str:
        """Who hears about its changes: `*`, or the owner's account id."""
        return "*" if self.visibility is Visibility.SHARED or self.owner_id is None else self.owner_id

    @property
    def page_owner(self) -> str | None:
        """The account whose pages show its jobs; None: everybody's."""
        return None if self.audience == "*" else self.audience

    @property
    def playable(self) -> bool:
        """Whether a proxy of it is worth trying: there is a picture that could be opened."""
        return self.probe is not None and self.probe.get("video") is not None and self.verdict not in NOT_PLAYABLE


NOT_PLAYABLE = frozenset({"pending", "not-video", "unreadable", "timed-out", "crashed"})


class VideoFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which videos a list shows; empty means no such condition."""

    q: str = ""  # words of the name, the tags or the transcript, or how they begin
    tags: tuple[str, ...] = ()  # all of these
    verdicts: tuple[str, ...] = ()  # any of these
    proxy_states: tuple[ProxyState, ...] = ()  # any of these


class VideoSort(StrEnum):
    """What a list is ordered by; the id decides between equals."""

    ADDED = "added"
    NAME = "name"
    DURATION = "duration"
    RELEVANCE = "relevance"  # how well the newest hits answer; without a question the same as ADDED


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What an account's footage adds up to."""

    videos: int
    bytes: int
    seconds: float
    by_verdict: dict[str, int]


class VideoPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list and the cursor of the next one."""

    items: list[Video]
    next: str | None
    corrected: str | None = None  # the words that were looked for, where nothing is called as it was typed


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are."""

    number: int
    exact: bool  # False: an estimate, or as far as was counted


class FoundFile(msgspec.Struct, frozen=True, kw_only=True):
    """A regular file that a scan found."""

    location: bytes  # os.fsencode of the absolute path
    size_bytes: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """The file's name for display; bytes that are not UTF-8 are replaced."""
        return display(os.path.basename(self.location))  # noqa: PTH119 - bytes, which pathlib does not take


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A path that was not added, and why."""

    path: str  # for display
    code: str  # "library.already-added" is a notice, every other code a failure
    message: str  # one sentence

    @property
    def is_notice(self) -> bool:
        """Whether it is in the library already, so that nothing failed."""
        return self.code == ALREADY_ADDED


ALREADY_ADDED = "library.already-added"


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What adding came to."""

    added: list[str]  # ids of new videos, and of known ones whose file has changed
    skipped: list[Skipped]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A local file that a job may read, as it was when the library last looked."""

    path: str  # absolute
    size_bytes: int
    mtime_ns: int

    def for_child(self, work_dir: Path) -> str:
        """The path as a child's JSON arguments can carry it: one that is not UTF-8 is reached through a link."""
        try:
            self.path.encode()
        except UnicodeEncodeError:
            link = work_dir / f"source{Path(self.path).suffix.encode('ascii', 'ignore').decode()}"
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)
            return str(link)
        return self.path


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of the list row that upper domains set; UNSET leaves a column as it is."""

    verdict: str | msgspec.UnsetType = msgspec.UNSET
    verdict_message: str | msgspec.UnsetType | None = msgspec.UNSET
    proxy_state: ProxyState | msgspec.UnsetType = msgspec.UNSET
    poster: str | msgspec.UnsetType | None = msgspec.UNSET
    probe: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET  # duration, rate and size follow it


def display(name: bytes) -> str:
    """A file name's bytes as text for a page."""
    return name.decode("utf-8", "replace")


def row_document(video: Video) -> dict[str, Any]:
    """The payload of a `video.changed` event: the fields of a list row that the library knows itself."""
    duration, rate = video.duration, video.rate
    return {
        "id": video.id,
        "asset_id": video.asset_id,
        "name": video.name,
        "added_at": video.added_at,
        "visibility": video.visibility.value,
        "size_bytes": video.size_bytes,
        "duration": None
        if duration is None
        else {"seconds": float(duration), "num": duration.numerator, "den": duration.denominator},
        "frame_rate": None if rate is None else f"{rate.numerator}/{rate.denominator}",
        "width": video.width,
        "height": video.height,
        "verdict": video.verdict,
        "verdict_message": video.verdict_message,
        "proxy_state": video.proxy_state.value,
        "tags": list(video.tags),
        "has_poster": video.poster is not None,
    }
