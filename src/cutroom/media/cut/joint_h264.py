"""Joining H.264: x264 numbers its parameter sets as it is told to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from cutroom.media.cut import h264
from cutroom.media.cut.encode import Look, ends_encoder
from cutroom.media.cut.joint import (
    DIFFER,
    MISSING,
    NO_ENCODER,
    SETS_CHANGE,
    UNREADABLE,
    USED_UP,
    Copied,
    NotJoinable,
    with_data,
)
from cutroom.media.cut.pictures import Picture
from cutroom.media.cut.plan import reorder_depth
from cutroom.media.cut.sei import lasting
from cutroom.media.cut.sps import parse_sps, with_reorder

_PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422", 244: "high444"}


class H264Joint:
    """See `Joint`."""

    def __init__(self, template: VideoStream, kept: Sequence[Picture], copied: Iterator[Packet[Any]]) -> None:
        length_bytes, configured = h264.read_configuration(template.codec_context.extradata)
        self._copied = Copied(template, length_bytes, copied)
        self._sets = self._effective_sets(configured, self._copied.first)
        self._check(kept)
        # What the first copied picture says of the light it was mastered for holds for the frames before it, too.
        self._lasting = lasting([unit for unit in self._copied.first if unit[0] & 31 == h264.SEI], header_bytes=1)

    def _effective_sets(self, configured: list[bytes], first: list[bytes]) -> h264.ParameterSets:
        """The parameter sets that hold where the copy starts: its own, else those of the header."""
        in_band, sets = h264.ParameterSets(), h264.ParameterSets()
        try:
            in_band.add(first)
            sets.add(first)
            sets.add(configured if not in_band.sps else [])
        except (ValueError, IndexError) as error:
            raise NotJoinable(UNREADABLE) from error
        if not sets.sps or not sets.pps or sets.changed:
            raise NotJoinable(MISSING)
        return sets

    def _check(self, kept: Sequence[Picture]) -> None:
        facts = [parse_sps(unit) for unit in self._sets.sps.values()]
        self._profile = _PROFILES.get(facts[0].profile, "")
        if not self._profile or len({fact.profile for fact in facts}) > 1:
            raise NotJoinable(f"H.264 profile {facts[0].profile} is not joined")
        if not all(fact.frames_only for fact in facts):
            raise NotJoinable("it is coded in fields")
        self.color = facts[0].color
        self._depth = reorder_depth([picture.pts for picture in kept])

    def encoder(self, look: Look) -> VideoCodecContext:
        """An encoder for an end."""
        number = self._sets.free_number()
        if number is None:
            raise NotJoinable(USED_UP)
        try:
            return ends_encoder(look, set_number=number, profile=self._profile)
        except (av.FFmpegError, ValueError) as error:
            raise NotJoinable(NO_ENCODER) from error

    def configuration(self, encoders: Sequence[VideoCodecContext]) -> bytes:
        """The stream's header, with the parameter sets of both sides."""
        encoded = h264.ParameterSets()
        for encoder in encoders:
            encoded.add(h264.split_units(encoder.extradata or b"", 0))
        if encoded.changed:
            raise NotJoinable(DIFFER)
        # A decoder that has seen only the ends would guess how far the copied frames are reordered, and drop some.
        said = {number: with_reorder(unit, self._depth) for number, unit in self._sets.sps.items()}
        return h264.write_configuration(h264.ParameterSets(sps=said, pps=self._sets.pps), encoded)

    def encoded(self, data: bytes) -> bytes:
        """An encoder's packet; what it says about itself would be taken for the whole stream."""
        units = [unit for unit in h264.split_units(data, 0) if unit[0] & 31 != h264.SEI]
        starts = any(unit[0] & 31 == h264.IDR_SLICE for unit in units)
        return h264.join_units([*(self._lasting if starts else ()), *units])

    def packets(self) -> Iterator[Packet[Any]]:
        """The copied packets, their parameter sets taken out, which may not change on the way."""
        for packet, units in self._copied:
            self._sets.add(units)
            if self._sets.changed:
                raise NotJoinable(SETS_CHANGE)
            yield with_data(packet, h264.join_units(units))
