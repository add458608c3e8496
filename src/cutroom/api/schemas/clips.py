"""Clips on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cutroom.api.schemas.base import Asked, ClipState, CutMode, ErrorBody, Shape

_LAST = 1 << 40  # no footage has so many frames


class ClipRequest(Asked):
    video_id: str
    in_frame: int = Field(ge=0, le=_LAST, description="First frame of the clip; the file's first displayed frame is 0")
    out_frame: int = Field(ge=1, le=_LAST, description="Exclusive")
    mode: CutMode = "smart"
    padding_seconds: float | Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description='Added on both sides; a number or "num/den"'
    )
    name: str | None = Field(default=None, min_length=1, max_length=255)


class CutAsked(Asked):
    in_frame: int = Field(ge=0, le=_LAST)
    out_frame: int = Field(ge=1, le=_LAST, description="Exclusive")
    name: str | None = Field(default=None, min_length=1, max_length=255)


class ClipBatchRequest(Asked):
    video_id: str
    cuts: list[CutAsked] = Field(min_length=1, max_length=500)
    mode: CutMode = "smart"
    padding_seconds: float | Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description='Added on both sides of each; a number or "num/den"'
    )


class CutAnswerShape(Shape):
    mode_asked: CutMode
    mode_used: CutMode
    fallback_reason: str | None
    in_frame_asked: int
    out_frame_asked: int
    in_frame: int
    out_frame: int
    frame_rate: str
    frames: int
    frames_reencoded: int
    reencoded: list[list[int]] = Field(description="Ranges of frames that were encoded again, outs exclusive")
    dropped: list[str] = Field(description="What of the source the clip does not hold, in words")


class ClipShape(Shape):
    id: str
    video_id: str
    video_name: str
    name: str
    mode: CutMode
    in_frame: int
    out_frame: int
    frame_rate: str | None
    state: ClipState
    size_bytes: int | None
    answer: CutAnswerShape | None
    error: ErrorBody | None
    job_id: str | None
    created_at: int
    download_url: str | None


class ClipPage(Shape):
    items: list[ClipShape]
    next: str | None
