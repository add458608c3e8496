"""Sprites of a ladder's lowest rung: a keyframe stands at the head of every segment, and it is already small.

Reading those heads costs a fraction of seeking in the source, which decodes large pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from cutroom.media.boxes import find
from cutroom.media.hls import playlist_files
from cutroom.media.progressive_track import SegmentHead, read_segment_head, track_timescale, unfit
from cutroom.media.sprite import FINE_SECONDS, SpriteDetail, SpriteSink


def make_sprite_of_rung(playlist: Path, output_dir: Path, duration: Fraction | None) -> SpriteDetail | None:
    """Write the sprite out of the segments that a rung's media playlist names.

    Only key frames are decoded where the tiles stand further apart than segments begin, else every frame.
    Raises CutroomError proxy.incomplete when a file is missing or none of Cutroom's own.
    """
    init, segments = playlist_files(playlist.read_text(encoding="utf-8"))
    folder = playlist.parent
    try:
        head = (folder / init).read_bytes()
        timescale = track_timescale(head)
        sink = SpriteSink(output_dir, duration)
        decoder = _decoder(head, folder / init, heads_only=sink.finest >= FINE_SECONDS)
        for name in segments:
            for at, data in _samples(folder / name, timescale, sink):
                _offer(decoder, sink, at, data, timescale)
        for frame in decoder.decode(None):
            if frame.pts is not None:
                sink.add(frame, Fraction(frame.pts, timescale))
    except OSError as error:
        raise unfit(Path(error.filename or playlist), error.strerror or "it cannot be read") from error
    return sink.finish()


def _samples(path: Path, timescale: int, sink: SpriteSink) -> Iterator[tuple[int, bytes]]:
    """The coded pictures of a segment that have to be decoded, and their times."""
    segment = read_segment_head(path)
    whole = sink.finest < Fraction(segment.end - segment.time, timescale)
    if not whole and not sink.wants(Fraction(segment.time, timescale)):
        return
    count = len(segment.sizes) if whole else 1
    with path.open("rb", buffering=0) as file:
        file.seek(segment.offset)
        data = file.read(sum(segment.sizes[:count]))
    yield from _split(segment, data, count)


def _split(segment: SegmentHead, data: bytes, count: int) -> Iterator[tuple[int, bytes]]:
    at, time = 0, segment.time
    for size, duration in list(zip(segment.sizes, segment.durations, strict=True))[:count]:
        yield time, data[at : at + size]
        at, time = at + size, time + duration


def _offer(decoder: VideoCodecContext, sink: SpriteSink, at: int, data: bytes, timescale: int) -> None:
    packet: Packet[Any] = Packet(data)
    packet.pts = packet.dts = at
    packet.time_base = Fraction(1, timescale)
    for frame in decoder.decode(packet):
        if frame.pts is not None:
            sink.add(frame, Fraction(frame.pts, timescale))


def _decoder(init: bytes, path: Path, *, heads_only: bool) -> VideoCodecContext:
    """An H.264 decoder with the parameter sets of the init segment; of key frames alone a quicker one."""
    entry = next(find(init, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"), None)
    at = init.find(b"avcC", entry.payload, entry.end) if entry is not None else -1
    if at < 4:
        raise unfit(path, "it describes no H.264")
    context = CodecContext.create("h264", "r")
    assert isinstance(context, VideoCodecContext)
    context.extradata = init[at + 4 : at - 4 + int.from_bytes(init[at - 4 : at], "big")]
    context.thread_count = 1
    if heads_only:  # nothing is predicted from them here, and the edges of blocks are gone at the size of a tile
        context.options = {"skip_loop_filter": "all"}
    return context
