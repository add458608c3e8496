"""Joining HEVC: x265 numbers all its parameter sets 0, so what it made is renumbered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.media.cut import hevc
from cutroom.media.cut.encode import Look, hevc_ends_encoder
from cutroom.media.cut.h264 import split_units
from cutroom.media.cut.joint import (
    DAMAGED,
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
from cutroom.media.cut.sei import lasting
from cutroom.media.cut.sps import Color

_PROFILES = (1, 2, 4)  # main, main 10, range extensions: each holds what the ones before it do


class HevcJoint:
    """See `Joint`."""

    def __init__(self, template: VideoStream, kept: Sequence[Picture], copied: Iterator[Packet[Any]]) -> None:
        length_bytes, configured = hevc.read_configuration(template.codec_context.extradata)
        self._copied = Copied(template, length_bytes, copied)
        self._sets = self._effective_sets(configured)
        self._facts = [hevc.parse_sps(unit) for unit in self._sets.sps.values()]
        numbers = hevc.numbers_beside(self._sets)
        if numbers is None:
            raise NotJoinable(USED_UP)
        self._numbers = numbers
        self._check_layers(self._copied.first)
        if self._facts[0].profile not in _PROFILES or len({fact.profile for fact in self._facts}) > 1:
            raise NotJoinable(f"HEVC profile {self._facts[0].profile} is not joined")
        self.color = self._seen_color(template)
        self._lasting = lasting(
            [unit for unit in self._copied.first if hevc.kind(unit) == hevc.PREFIX_SEI], header_bytes=2
        )

    def _effective_sets(self, configured: list[bytes]) -> hevc.ParameterSets:
        """The parameter sets that hold where the copy starts: its own, else those of the header."""
        sets = hevc.ParameterSets()
        try:
            sets.add(self._copied.first)
            for unit in [] if sets.complete else configured:
                sets.add([unit])
        except (ValueError, IndexError) as error:
            raise NotJoinable(UNREADABLE) from error
        if not sets.complete:
            raise NotJoinable(MISSING)
        return sets

    def _check_layers(self, units: Sequence[bytes]) -> None:
        if any(hevc.layer(unit) for unit in units):
            raise NotJoinable("it has more than one layer")
        if any(hevc.kind(unit) == hevc.DOLBY_VISION for unit in units):
            raise NotJoinable("it carries Dolby Vision metadata, which encoded frames would lack")

    def _seen_color(self, template: VideoStream) -> Color:
        """What the pictures say of their colours, found by decoding the first copied one."""
        frame = self._decoded(template)
        if frame is None:
            raise NotJoinable("its first copied picture cannot be decoded")
        if frame.interlaced_frame:
            raise NotJoinable("it is coded in fields")
        return frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace

    def _decoded(self, template: VideoStream) -> VideoFrame | None:
        context = av.CodecContext.create("hevc", "r")
        assert isinstance(context, VideoCodecContext)
        context.extradata = template.codec_context.extradata
        context.options = dict(template.codec_context.options)
        packet = Packet(bytes(self._copied.first_packet))
        try:
            return next(iter([*context.decode(packet), *context.decode(None)]), None)
        except av.FFmpegError:
            return None

    def encoder(self, look: Look) -> VideoCodecContext:
        """An encoder for an end."""
        try:
            return hevc_ends_encoder(look)
        except (av.FFmpegError, ValueError) as error:
            raise NotJoinable(NO_ENCODER) from error

    def configuration(self, encoders: Sequence[VideoCodecContext]) -> bytes:
        """The stream's header, with the parameter sets of both sides."""
        encoded = hevc.ParameterSets()
        for encoder in encoders:
            sets = self._renumbered(encoder)
            for units in (sets.vps, sets.sps, sets.pps):
                encoded.add(units.values())
        if not encoded.complete and encoders:
            raise NotJoinable(DIFFER)
        profile, made = self._facts[0], [hevc.parse_sps(unit) for unit in encoded.sps.values()]
        formats = {(fact.chroma, fact.depth_luma, fact.depth_chroma) for fact in [*self._facts, *made]}
        if len(formats) > 1 or any(fact.profile > profile.profile for fact in made):
            raise NotJoinable(NO_ENCODER)
        return hevc.write_configuration(self._sets, encoded)

    def _renumbered(self, encoder: VideoCodecContext) -> hevc.ParameterSets:
        try:
            return self._numbers.sets(split_units(encoder.extradata or b"", 0))
        except (ValueError, IndexError) as error:
            raise NotJoinable(NO_ENCODER) from error

    def encoded(self, data: bytes) -> bytes:
        """An encoder's packet, its pictures referring to the new numbers; what it says about itself is left out."""
        pictures = [unit for unit in split_units(data, 0) if hevc.kind(unit) < hevc.VPS]
        starts = hevc.access(pictures)
        return hevc.join_units([*(self._lasting if starts else ()), *map(self._numbers.slice, pictures)])

    def packets(self) -> Iterator[Packet[Any]]:
        """The copied packets, the first one fit to follow foreign pictures."""
        for number, (packet, units) in enumerate(self._copied):
            try:
                self._sets.add(units)
            except (ValueError, IndexError) as error:
                raise NotJoinable(DAMAGED) from error
            if self._sets.changed:
                raise NotJoinable(SETS_CHANGE)
            self._check_layers(units)
            linked = units if number else [hevc.broken_link(unit) for unit in units]
            yield with_data(packet, hevc.join_units(linked))
