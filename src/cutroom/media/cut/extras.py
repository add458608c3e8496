"""What a clip keeps besides picture, sound and subtitles: chapters, covers, attached files; and what it cannot keep."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Disposition, Stream
from av.video.stream import VideoStream

_PICTURES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
_TICK = Fraction(1, 1000)
_LOOKED_AT = 100  # packets among which a cover's, which libav gives first, must be


def keep_chapters(output: OutputContainer, source: InputContainer, start: Fraction, end: Fraction) -> list[str]:
    """Give the clip the chapters that reach into it, moved and clamped; answers what is dropped."""
    kept: list[Any] = []
    for chapter in source.chapters():
        base = chapter["time_base"] or Fraction(1)
        begins, ends = chapter["start"] * base, chapter["end"] * base
        if begins < end and ends > start:
            kept.append(
                {
                    "id": len(kept) + 1,
                    "start": int((max(begins, start) - start) / _TICK),
                    "end": int((min(ends, end) - start) / _TICK),
                    "time_base": _TICK,
                    "metadata": {k: v for k, v in chapter["metadata"].items() if k == "title"},
                }
            )
    if kept and output.format.name == "mpegts":
        return ["chapters: this container holds none"]
    if kept:
        output.set_chapters(kept)
    return []


def keep_covers(
    output: OutputContainer, source: InputContainer
) -> tuple[list[Iterator[tuple[Stream, Packet[Any]]]], list[str]]:
    """Readers for the cover images and attached files of `source`, and what is dropped of them."""
    readers: list[Iterator[tuple[Stream, Packet[Any]]]] = []
    dropped: list[str] = []
    for stream in source.streams:
        if isinstance(stream, VideoStream) and stream.disposition & Disposition.attached_pic:
            packet = _cover(source, stream)
            if packet is None or not _keep_cover(output, stream, packet, readers):
                dropped.append(f"cover image {stream.index}: this container holds none")
        elif isinstance(stream, AttachmentStream) and not _keep_attachment(output, stream):
            dropped.append(f"attached file {stream.name or stream.index}: this container holds none")
    return readers, dropped


def _cover(source: InputContainer, stream: VideoStream) -> Packet[Any] | None:
    try:
        for _, packet in zip(range(_LOOKED_AT), source.demux(stream), strict=False):
            if packet.size:
                return packet
    except av.FFmpegError:
        return None
    return None


def _keep_cover(
    output: OutputContainer,
    stream: VideoStream,
    packet: Packet[Any],
    readers: list[Iterator[tuple[Stream, Packet[Any]]]],
) -> bool:
    kind = stream.codec_context.codec.canonical_name if stream.codec_context is not None else ""
    if kind not in _PICTURES:
        return False
    if output.format.name == "matroska":
        output.add_attachment(*_PICTURES[kind], bytes(packet))
        return True
    if output.format.name != "mp4":
        return False
    picture = output.add_stream_from_template(stream, opaque=True)
    picture.disposition = Disposition.attached_pic
    packet.pts = packet.dts = 0
    readers.append(iter([(picture, packet)]))
    return True


def _keep_attachment(output: OutputContainer, stream: AttachmentStream) -> bool:
    if output.format.name != "matroska" or not stream.data:
        return False
    output.add_attachment(stream.name or "attachment", stream.mimetype or "application/octet-stream", stream.data)
    return True


def left_out(source: InputContainer, chosen: VideoStream) -> list[str]:
    """The tracks that no clip has: other pictures, and data that nothing here understands."""
    dropped = []
    for stream in source.streams:
        stills = Disposition.attached_pic | Disposition.timed_thumbnails
        if stream.type == "video" and stream.index != chosen.index and not stream.disposition & stills:
            dropped.append(f"video track {stream.index}: a clip has one picture")
        elif stream.type in ("data", "unknown") and not _is_ours(source, stream):
            name = stream.metadata.get("handler_name", "").strip() or getattr(stream, "name", None) or stream.type
            dropped.append(f"data track {stream.index} ({name}): not understood, so not cut")
    return dropped


def _is_ours(source: InputContainer, stream: Stream) -> bool:
    """Whether a data track is a timecode, or names the chapters, both of which are kept in another way."""
    if "timecode" in stream.metadata:
        return True
    return bool(source.chapters()) and stream.metadata.get("handler_name", "") in ("SubtitleHandler", "")
