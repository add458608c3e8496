"""The cut that encodes only its ends: copied pictures in the middle, the frames around them encoded to match.

Both encodings share one stream. The ends come without reordering and with parameter sets of a number that the source
does not use; the header holds both, and every picture says which it wants. Whatever cannot be proved to join raises
`NotJoinable`, and the caller encodes everything instead.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from cutroom.media.cut import h264
from cutroom.media.cut.assemble import Cut, Video, assemble
from cutroom.media.cut.copy import add_copied_stream, copied_packets, timed_packets
from cutroom.media.cut.decode import decode_frames
from cutroom.media.cut.encode import Look, encode_all, ends_encoder, look_of, ready_frame
from cutroom.media.cut.pictures import Picture
from cutroom.media.cut.plan import SmartPlan, reorder_depth
from cutroom.media.cut.sps import parse_sps, with_reorder

_PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422", 244: "high444"}


class NotJoinable(Exception):
    """Why copied and encoded pictures cannot be put into one stream, as a clause for people."""


def cut_smart(cut: Cut, plan: SmartPlan) -> int:
    """Write frames [first, last), copying the plan's span; answers how many. Raises `NotJoinable`."""
    return assemble(cut, lambda output, template: _video(cut, plan, output, template))


def _video(cut: Cut, plan: SmartPlan, output: OutputContainer, template: VideoStream) -> Video:
    kept = plan.span.kept(cut.pictures.coded)
    copied = copied_packets(cut, kept)
    joint = _Joint(template, kept, copied)
    # What the pictures say of their colours, which a container may contradict.
    look = replace(look_of(template, cut.pictures.rate), color=joint.color)
    if look.pixel_format != template.codec_context.pix_fmt:
        raise NotJoinable("its pixel format cannot be encoded as it is")
    ends = [span for span in ((plan.first, plan.span.first), (plan.span.last, plan.last)) if span[0] < span[1]]
    encoders = [joint.encoder(look) for _ in ends]
    stream = add_copied_stream(output, template, cut)
    stream.codec_context.extradata = joint.configuration(encoders)
    parts: list[Iterator[Packet[Any]]] = [
        _encoded(cut, look, span, encoder) for span, encoder in zip(ends, encoders, strict=True)
    ]
    parts.insert(1 if plan.first < plan.span.first else 0, joint.packets())
    times = _times(cut, plan, kept)
    packets = timed_packets(_exactly(itertools.chain(*parts), len(times)), times, cut)
    return Video(stream=stream, packets=packets, shows=times)


def _times(cut: Cut, plan: SmartPlan, kept: Sequence[Picture]) -> list[int]:
    """When each picture of the clip is shown, in decoding order, in ticks."""
    shift = cut.pictures.start(cut.first)
    head = [cut.ticks(number) for number in range(plan.first, plan.span.first)]
    tail = [cut.ticks(number) for number in range(plan.span.last, plan.last)]
    return head + [picture.pts - shift for picture in kept] + tail


def _encoded(cut: Cut, look: Look, span: tuple[int, int], encoder: VideoCodecContext) -> Iterator[Packet[Any]]:
    frames = decode_frames(cut.source, cut.pictures, *span)
    ready = (ready_frame(frame, look, cut.ticks(number)) for number, frame in frames)
    for packet in encode_all(encoder, ready):
        units = h264.split_units(bytes(packet), 0)
        # What the encoder says about itself would be taken for the whole stream.
        yield _with_data(packet, h264.join_units(units, without=frozenset({h264.SEI})))


def _exactly(packets: Iterator[Packet[Any]], count: int) -> Iterator[Packet[Any]]:
    done = 0
    for packet in packets:
        done += 1
        if done > count:
            break
        yield packet
    if done != count:
        raise NotJoinable("some frames near the ends cannot be decoded")


class _Joint:
    """The copied side of a join: what its packets need, and what the encoded side must not use."""

    def __init__(self, template: VideoStream, kept: Sequence[Picture], copied: Iterator[Packet[Any]]) -> None:
        self._length_bytes, configured = h264.read_configuration(template.codec_context.extradata)
        ahead = next(copied, None)
        if ahead is None:
            raise NotJoinable("its packets cannot be found again")
        self._copied = itertools.chain([ahead], copied)
        self._sets = self._effective_sets(configured, self._split(ahead))
        self._check(kept)

    def _split(self, packet: Packet[Any]) -> list[bytes]:
        try:
            return h264.split_units(bytes(packet), self._length_bytes)
        except (ValueError, IndexError) as error:
            raise NotJoinable("a packet's structure is damaged") from error

    def _effective_sets(self, configured: list[bytes], first: list[bytes]) -> h264.ParameterSets:
        """The parameter sets that hold where the copy starts: its own, else those of the header."""
        in_band, sets = h264.ParameterSets(), h264.ParameterSets()
        try:
            in_band.add(first)
            sets.add(first)
            sets.add(configured if not in_band.sps else [])
        except (ValueError, IndexError) as error:
            raise NotJoinable("its parameter sets cannot be read") from error
        if not sets.sps or not sets.pps or sets.changed:
            raise NotJoinable("its parameter sets are missing or change")
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
            raise NotJoinable("it uses up the numbers of parameter sets")
        try:
            return ends_encoder(look, set_number=number, profile=self._profile)
        except (av.FFmpegError, ValueError) as error:
            raise NotJoinable("no encoder takes its pictures as they are") from error

    def configuration(self, encoders: Sequence[VideoCodecContext]) -> bytes:
        """The stream's header, with the parameter sets of both sides."""
        encoded = h264.ParameterSets()
        for encoder in encoders:
            encoded.add(h264.split_units(encoder.extradata or b"", 0))
        if encoded.changed:
            raise NotJoinable("its two ends would be encoded differently")
        # A decoder that has seen only the ends would guess how far the copied frames are reordered, and drop some.
        said = {number: with_reorder(unit, self._depth) for number, unit in self._sets.sps.items()}
        return h264.write_configuration(h264.ParameterSets(sps=said, pps=self._sets.pps), encoded)

    def packets(self) -> Iterator[Packet[Any]]:
        """The copied packets, their parameter sets taken out, which may not change on the way."""
        for packet in self._copied:
            units = self._split(packet)
            self._sets.add(units)
            if self._sets.changed:
                raise NotJoinable("its parameter sets change on the way")
            yield _with_data(packet, h264.join_units(units))


def _with_data(packet: Packet[Any], data: bytes) -> Packet[Any]:
    """`packet` with other bytes."""
    if bytes(packet) == data:
        return packet
    changed = Packet(len(data))
    changed.update(data)
    changed.is_keyframe = packet.is_keyframe
    return changed
