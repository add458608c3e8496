"""The cut that always works: decode the range and encode all of it again."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from av.container import OutputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.cut.assemble import Cut, Video, assemble
from cutroom.media.cut.decode import decode_frames
from cutroom.media.cut.encode import Look, configure, look_of, ready_frame, whole_options
from cutroom.media.source import shown


def cut_exact(cut: Cut) -> int:
    """Write frames [first, last) encoded again; answers how many: fewer where the source cannot be decoded."""
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
    look = look_of(template, cut.pictures.rate)
    look = replace(look, width=sample.width, height=sample.height, interlaced=sample.interlaced_frame)
    look = replace(look, color=frame_color(sample))
    look = replace(look, time_base=cut.pictures.time_base)
    stream = _add_stream(output, look, cut)
    matrix = display_matrix(sample)
    if matrix:
        stream.set_display_matrix(matrix)
    video = Video(stream=stream, packets=iter(()))
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


def display_matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    """The rotation that players apply, as the container writes it."""
    attached: Any = frame.side_data
    try:
        return struct.unpack("=9i", bytes(attached[SideDataType.DISPLAYMATRIX])[:36])
    except KeyError:
        return None
