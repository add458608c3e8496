"""The cut that encodes only its ends: copied pictures in the middle, the frames around them encoded to match.

Both encodings share one stream. Whatever cannot be proved to join raises
`NotJoinable`, and the caller encodes everything instead.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from cutroom.media.cut.assemble import Cut, Video, Written, assemble
from cutroom.media.cut.copy import add_copied_stream, copied_packets, timed_packets
from cutroom.media.cut.decode import decode_frames
from cutroom.media.cut.encode import Look, encode_all, look_of, ready_frame
from cutroom.media.cut.joint import Joint, NotJoinable, with_data
from cutroom.media.cut.joint_h264 import H264Joint
from cutroom.media.cut.joint_hevc import HevcJoint
from cutroom.media.cut.pictures import Picture
from cutroom.media.cut.plan import SmartPlan

_JOINTS: dict[str, type[H264Joint] | type[HevcJoint]] = {"h264": H264Joint, "hevc": HevcJoint}
_ENCODERS = {"h264": "libx264", "hevc": "libx265"}
JOINED = frozenset(_JOINTS)
"""Codecs whose copied and encoded pictures can share a stream."""


def cut_smart(cut: Cut, plan: SmartPlan) -> Written:
    """Write frames [first, last), copying the plan's span. Raises `NotJoinable`."""
    return assemble(cut, lambda output, template: _video(cut, plan, output, template))


def _video(cut: Cut, plan: SmartPlan, output: OutputContainer, template: VideoStream) -> Video:
    kept = plan.span.kept(cut.pictures.coded)
    copied = copied_packets(cut, kept)
    joint: Joint = _JOINTS[cut.pictures.codec](template, kept, copied)
    # What the pictures say of their colours, which a container may contradict.
    look = replace(look_of(template, cut.pictures.rate, _ENCODERS[cut.pictures.codec]), color=joint.color)
    if look.pixel_format != template.codec_context.pix_fmt:
        raise NotJoinable("its pixel format cannot be encoded as it is")
    encoders = [joint.encoder(look) for _ in plan.ends]
    stream = add_copied_stream(output, template, cut)
    stream.codec_context.extradata = joint.configuration(encoders)
    parts: list[Iterator[Packet[Any]]] = [
        _encoded(cut, look, span, encoder, joint) for span, encoder in zip(plan.ends, encoders, strict=True)
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


def _encoded(
    cut: Cut, look: Look, span: tuple[int, int], encoder: VideoCodecContext, joint: Joint
) -> Iterator[Packet[Any]]:
    frames = decode_frames(cut.source, cut.pictures, *span)
    ready = (ready_frame(frame, look, cut.ticks(number)) for number, frame in frames)
    for packet in encode_all(encoder, ready):
        yield with_data(packet, joint.encoded(bytes(packet)))


def _exactly(packets: Iterator[Packet[Any]], count: int) -> Iterator[Packet[Any]]:
    done = 0
    for packet in packets:
        done += 1
        if done > count:
            break
        yield packet
    if done != count:
        raise NotJoinable("some frames near the ends cannot be decoded")
