"""The cut that always works: decode the range and encode all of it again."""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from av.container import OutputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.cut.assemble import Cut, Video, Written, assemble
from cutroom.media.cut.decode import decode_frames
from cutroom.media.cut.encode import (
    Look,
    configure,
    encodable_format,
    encoder_for,
    look_of,
    lost_in,
    ready_frame,
    whole_options,
)
from cutroom.media.cut.index import stream_codec
from cutroom.media.source import shown

_BOTTOM_FIRST = (3, 4)  # AV_FIELD_BB, AV_FIELD_TB: the order in which fields are shown


def cut_exact(cut: Cut) -> Written:
    """Write frames [first, last) encoded again: fewer where the source cannot be decoded."""
    frames = decode_frames(cut.source, cut.pictures, cut.first, cut.last)
    ahead = next(frames, None)
    if ahead is None:
        raise CutroomError(
            "clip.undecodable",
            f"No frame of the range can be decoded from {shown(cut.source)}.",
            hint="Inspect the file for damage.",
            kind=ErrorKind.FAILED,
        )
    return assemble(
        cut, lambda output, template: _video(cut, output, template, ahead, itertools.chain([ahead], frames))
    )


def _video(
    cut: Cut,
    output: OutputContainer,
    template: VideoStream,
    ahead: tuple[int, VideoFrame],
    frames: Iterator[tuple[int, VideoFrame]],
) -> Video:
    sample = ahead[1]
    encoder = encoder_for(cut.target.container, cut.pictures.codec, sample)
    look = replace(
        look_of(template, cut.pictures.rate, encoder),
        width=sample.width,
        height=sample.height,
        pixel_format=encodable_format(sample.format, encoder),
        first_field=first_field(sample, template),
        color=frame_color(sample),
        time_base=cut.pictures.time_base,
        light=light_parameters(sample, encoder),
    )
    stream = _add_stream(output, look, cut)
    matrix = display_matrix(sample)
    if matrix:
        stream.set_display_matrix(matrix)
    video = Video(stream=stream, packets=iter(()), lost=lost_in(sample.format, look))
    video.packets = _encode(cut, look, stream, frames, video.shows)
    return video


def _add_stream(output: OutputContainer, look: Look, cut: Cut) -> VideoStream:
    try:
        stream = output.add_stream(look.encoder, rate=look.rate, options=whole_options(look))
    except ValueError as error:
        suffix = cut.target.path.suffix
        raise CutroomError(
            "clip.container", f"{suffix} cannot hold H.264.", hint="Write an .mp4, .mov or .mkv file."
        ) from error
    assert isinstance(stream, VideoStream)
    configure(stream.codec_context, look)
    stream.time_base = look.time_base
    if look.encoder == "libx265" and cut.target.hides_priming:
        stream.codec_context.codec_tag = "hvc1"
    return stream


def _encode(
    cut: Cut, look: Look, stream: VideoStream, frames: Iterator[tuple[int, VideoFrame]], shows: list[int]
) -> Iterator[Packet[Any]]:
    lengths = {}
    for number, frame in frames:
        time = cut.ticks(number)
        shows.append(time)
        lengths[time] = cut.ticks(number + 1) - time
        yield from _timed(stream.encode(ready_frame(frame, look, time)), lengths)
    yield from _timed(stream.encode(None), lengths)


def _timed(packets: list[Packet[Any]], lengths: dict[int, int]) -> Iterator[Packet[Any]]:
    for packet in packets:
        if packet.pts is not None:
            packet.duration = lengths.pop(packet.pts, packet.duration or 0)
        yield packet


def frame_color(frame: VideoFrame) -> tuple[int, int, int, int]:
    """The colours as the decoder found them; a container that says otherwise is overruled."""
    return frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace


def first_field(frame: VideoFrame, template: VideoStream) -> str | None:
    """Which field of an interlaced picture is shown first; DV says so by being DV."""
    if not frame.interlaced_frame:
        return None
    bottom = template.codec_context.field_order in _BOTTOM_FIRST or stream_codec(template) == "dvvideo"
    return "bottom" if bottom else "top"


def light_parameters(frame: VideoFrame, encoder: str) -> tuple[str, ...]:
    """What the picture was mastered for and how bright it gets (SMPTE ST 2086, CTA-861.3), as encoders take it."""
    attached: Any = frame.side_data
    said = []
    with contextlib.suppress(KeyError, struct.error, ZeroDivisionError):
        said.append(_mastering(bytes(attached[SideDataType.MASTERING_DISPLAY_METADATA]), encoder))
    with contextlib.suppress(KeyError, struct.error):
        most, average = struct.unpack_from("=2I", bytes(attached[SideDataType.CONTENT_LIGHT_LEVEL]))
        said.append(f"{'max-cll' if encoder == 'libx265' else 'cll'}={most},{average}")
    return tuple(said)


def _mastering(data: bytes, encoder: str) -> str:
    """AVMasteringDisplayMetadata: red, green, blue, white, least and most light, each number a fraction."""
    numbers = struct.unpack_from("=20i", data)
    parts = [Fraction(n, d) for n, d in zip(numbers[::2], numbers[1::2], strict=True)]
    red, green, blue, white = ([int(part * 50000) for part in parts[i : i + 2]] for i in (0, 2, 4, 6))
    least, most = (int(part * 10000) for part in parts[8:10])
    name = "master-display" if encoder == "libx265" else "mastering-display"
    points = (("G", green), ("B", blue), ("R", red), ("WP", white), ("L", [most, least]))
    return f"{name}=" + "".join(f"{letter}({x},{y})" for letter, (x, y) in points)


def display_matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    """The rotation that players apply, as the container writes it."""
    attached: Any = frame.side_data
    try:
        return struct.unpack("=9i", bytes(attached[SideDataType.DISPLAYMATRIX])[:36])
    except KeyError:
        return None
