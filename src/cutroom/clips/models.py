"""Values of clips: a range of a video's frames, what was delivered, and its file."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import Any

import msgspec


class CutMode(StrEnum):
    """How the frames get into the clip."""

    COPY = "copy"  # packets as they are, from keyframe to keyframe
    SMART = "smart"  # only the partial groups of pictures at the ends are encoded again
    EXACT = "exact"  # everything is encoded again


class ClipState(StrEnum):
    """How far a clip is; its job has the details."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Frames of a video to cut out, `out_frame` exclusive, and what to call them."""

    in_frame: int
    out_frame: int
    name: str | None = None


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a video's frames, and what was delivered. Instants in microseconds."""

    id: str
    video_id: str
    video_name: str
    owner_id: str | None
    name: str  # the file's name
    mode: CutMode
    in_frame: int
    out_frame: int  # exclusive
    padding: Fraction  # seconds, on both sides
    rate: Fraction | None  # the video's frames a second
    state: ClipState
    object_key: str | None
    media_type: str | None
    size_bytes: int | None
    answer: dict[str, Any] | None  # the fields of `cutroom clip --json`
    error: dict[str, Any] | None  # {code, message, hint}
    job_id: str | None
    created_at: int


class ClipPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list and the cursor of the next one."""

    items: list[Clip]
    next: str | None
