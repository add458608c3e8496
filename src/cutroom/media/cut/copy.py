"""The cut that changes nothing: packets as they are, from the key frame before the range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.cut.assemble import Cut, Video, Written, assemble
from cutroom.media.cut.decode import packets_from
from cutroom.media.cut.index import first_video
from cutroom.media.cut.pictures import Picture
from cutroom.media.cut.plan import Span, decoding_times
from cutroom.media.cut.writer import holds_pictures
from cutroom.media.source import open_source, reading, shown


def cut_copy(cut: Cut, span: Span) -> Written:
    """Write the span's pictures as they are."""
    delivered = replace(cut, first=span.first, last=span.last, copies_only=True)
    return assemble(delivered, lambda output, template: _video(delivered, span, output, template))


def _video(cut: Cut, span: Span, output: OutputContainer, template: VideoStream) -> Video:
    stream = add_copied_stream(output, template, cut)
    kept = span.kept(cut.pictures.coded)
    shift = cut.pictures.start(cut.first)
    times = [picture.pts - shift for picture in kept]
    packets = timed_packets(copied_packets(cut, kept), times, cut)
    shows = [picture.pts - shift for picture in kept if picture.number is not None]
    return Video(stream=stream, packets=packets, shows=shows)


def add_copied_stream(output: OutputContainer, template: VideoStream, cut: Cut) -> VideoStream:
    """A stream for the source's own packets. Raises `clip.container` when the container cannot hold them."""
    name = cut.pictures.codec
    try:
        if not holds_pictures(cut.target.container, name):
            raise ValueError(name)
        stream = output.add_stream_from_template(template, opaque=True)
    except ValueError as error:
        raise CutroomError(
            "clip.container",
            f"{cut.target.path.suffix} cannot hold the video of {shown(cut.source)} ({name}).",
            hint="Write an .mkv or .mov file, or use mode exact.",
            kind=ErrorKind.UNSUPPORTED,
        ) from error
    assert isinstance(stream, VideoStream)
    if cut.pictures.constant:
        stream.codec_context.framerate = cut.pictures.rate
    if cut.pictures.codec == "hevc" and cut.target.hides_priming:
        # The parameter sets are in the header, and only this name makes Apple's players look there.
        stream.codec_context.codec_tag = "hvc1"
    return stream


def copied_packets(cut: Cut, kept: Sequence[Picture]) -> Iterator[Packet[Any]]:
    """The packets of these pictures, which follow each other in decoding order."""
    wanted = {picture.pts for picture in kept}
    with open_source(cut.source, options=cut.open_options) as container, reading(cut.source):
        stream = first_video(container, cut.source)
        for packet in packets_from(container, stream, kept[0]):
            if packet.pts in wanted:
                wanted.remove(packet.pts)
                yield packet
            if not wanted:
                return


def timed_packets(packets: Iterator[Packet[Any]], times: Sequence[int], cut: Cut) -> Iterator[Packet[Any]]:
    """Give packets in decoding order their times in the clip, in ticks."""
    ordered = sorted(times)
    follows = dict(zip(ordered, [*ordered[1:], cut.ticks(cut.last)], strict=True))
    decoding = decoding_times(times, cut.pictures.tick)
    for packet, time, decoded in zip(packets, times, decoding, strict=True):
        packet.pts, packet.dts, packet.duration = time, decoded, follows[time] - time
        packet.time_base = cut.pictures.time_base
        yield packet
