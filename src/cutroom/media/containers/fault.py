"""What a check saw wrong: an observation with a place, before any rule says how bad it is."""

from __future__ import annotations

import msgspec


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One observation; `inspection.rules` turns its code into severity and confidence."""

    code: str  # stable: "mp4.moov-missing"
    message: str  # one sentence for people
    stream: int | None = None  # index of the stream in the file
    start_seconds: float | None = None
    end_seconds: float | None = None
    byte_offset: int | None = None  # from the start of the file


class Structure(msgspec.Struct, frozen=True, kw_only=True):
    """What a structure checker found in one file."""

    format: str  # "mp4", "matroska", "mpegts", "mpegps", "avi", "flv", "ogg", "mxf", "asf"
    faults: list[Fault]
    duration_seconds: float | None = None  # as the container declares it
