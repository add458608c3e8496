"""Decoding a range of frames, and nothing before it that can be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.media.cut import h264, hevc
from cutroom.media.cut.index import first_video, stream_codec
from cutroom.media.cut.pictures import Picture, Pictures
from cutroom.media.cut.plan import entry_before
from cutroom.media.source import HEADER_ONLY, open_source, packets, reading


def decode_frames(path: Path, pictures: Pictures, first: int, last: int) -> Iterator[tuple[int, VideoFrame]]:
    """Frames [first, last) with their numbers, in order; those that cannot be decoded are left out."""
    if first >= last:
        return
    options = HEADER_ONLY if pictures.headed and pictures.depth_told else None
    with open_source(path, options=options) as container, reading(path):
        stream = first_video(container, path)
        stream.codec_context.thread_type = "AUTO"
        if not pictures.ordered:
            yield from _count_frames(container, stream, first, last)
            return
        numbers = {pictures.start(number): number for number in range(first, last)}
        left = len(numbers)
        for frame in _decode(_packets(container, stream, pictures, first), stream, pictures.start(first)):
            number = numbers.get(frame.pts) if frame.pts is not None else None
            if number is not None:
                yield number, frame
                left -= 1
            if not left or (frame.pts is not None and frame.pts >= pictures.start(last - 1)):
                return


def _count_frames(
    container: InputContainer, stream: VideoStream, first: int, last: int
) -> Iterator[tuple[int, VideoFrame]]:
    """Where timestamps cannot tell the frames apart, the decoder's order can."""
    for number, frame in enumerate(_decode(packets(container, stream), stream, None)):
        if number >= last:
            return
        if number >= first:
            yield number, frame


def _decode(coming: Iterator[Packet[Any]], stream: VideoStream, since: int | None) -> Iterator[VideoFrame]:
    unneeded = _unneeded_before(stream, since) if since is not None else lambda packet: False
    for packet in coming:
        if packet.size and unneeded(packet):
            continue
        try:
            frames = stream.decode(packet if packet.size else None)
        except av.error.InvalidDataError:
            # One broken packet costs the frames in it; the decoder goes on with the next.
            continue
        except av.error.EOFError:
            return
        yield from frames
        if not packet.size:
            return


def _unneeded_before(stream: VideoStream, since: int) -> Callable[[Packet[Any]], bool]:
    """Tells packets that nothing refers to and that are shown before `since`: half of a usual run-up."""
    is_reference = _reference_test(stream)
    if is_reference is None:
        return lambda packet: False

    def unneeded(packet: Packet[Any]) -> bool:
        if packet.pts is None or packet.pts >= since or packet.is_keyframe:
            return False
        try:
            return not is_reference(bytes(packet))
        except (ValueError, IndexError):
            return False

    return unneeded


def _reference_test(stream: VideoStream) -> Callable[[bytes], bool] | None:
    """Tells whether other pictures may refer to one; None where the codec is not looked into."""
    codec, extradata = stream_codec(stream), stream.codec_context.extradata
    try:
        if codec == "h264":
            h264_bytes, _ = h264.read_configuration(extradata)
            return lambda data: h264.is_reference(h264.split_units(data, h264_bytes))
        if codec == "hevc":
            hevc_bytes, units = hevc.read_configuration(extradata)
            top = max(hevc.parse_sps(unit).layers for unit in units if hevc.kind(unit) == hevc.SPS) - 1
            return lambda data: hevc.is_reference(h264.split_units(data, hevc_bytes), top)
    except (ValueError, IndexError):
        return None
    return None


def _packets(container: InputContainer, stream: VideoStream, pictures: Pictures, frame: int) -> Iterator[Packet[Any]]:
    """Packets of the stream from the picture on that `frame` is decoded from."""
    for other in container.streams:
        if other.index != stream.index:
            other.discard = av.stream.Discard.all
    return packets_from(container, stream, pictures.coded[entry_before(pictures.coded, pictures.start(frame))])


def packets_from(container: InputContainer, stream: VideoStream, entry: Picture) -> Iterator[Packet[Any]]:
    """Packets of the stream from `entry` on, wherever the container's own index leads to first."""
    for target in _seek_targets(entry, stream):
        if target is not None:
            try:
                container.seek(target, stream=stream, backward=True)
            except av.FFmpegError:
                continue
        coming = packets(container, stream)
        for packet in coming:
            # Behind a seek a program stream's first packets can be halves, with times of others.
            if packet.pts == entry.pts and entry.size in (0, packet.size):
                yield packet
                yield from coming
                return
            if target is not None and _is_past(packet, entry):
                break


def _seek_targets(entry: Picture, stream: VideoStream) -> Iterator[int | None]:
    """Ticks to try, nearest first; None is where the file begins."""
    second = int(1 / stream.time_base) if stream.time_base else 1
    yield entry.pts
    if entry.dts is not None:
        yield entry.dts
    for seconds in (1, 5, 30):
        yield entry.pts - seconds * second
    yield stream.start_time if stream.start_time is not None else 0
    yield -(1 << 40)
    yield None


def _is_past(packet: Packet[Any], entry: Picture) -> bool:
    if packet.pts == entry.pts:
        return False
    if packet.dts is not None and entry.dts is not None:
        return packet.dts > entry.dts
    return packet.pts is None or packet.pts > entry.pts
