"""Writing a clip: aside, checked, synced and renamed, so that a name never holds half a file."""

from __future__ import annotations

import contextlib
import errno
import heapq
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.names import aside_for, shown

CONTAINERS = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm",
    ".ts": "mpegts", ".m2ts": "mpegts", ".mts": "mpegts",
}  # fmt: skip
"""Containers a clip can be written in, by suffix."""

_EDIT_LISTS = ("mp4", "mov")
_NOT_COPIED = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "timecode"}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


# libav writes anything else into a transport stream too, as private data that no player finds.
_TS_PICTURES = {"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"}
_MP4_ONLY = {"av1", "vp9", "flac", "opus", "truehd"}
_TS_SOUND = {"mp1", "mp2", "mp3", "aac", "aac_latm", "ac3", "eac3", "dts", "truehd", "opus", "s302m"}
# What ISO/IEC 639-2 writes in two ways: QuickTime's list of languages has the older one.
_OLDER_LANGUAGES = {
    "sqi": "alb", "hye": "arm", "eus": "baq", "mya": "bur", "zho": "chi", "ces": "cze", "nld": "dut", "fra": "fre",
    "kat": "geo", "deu": "ger", "ell": "gre", "isl": "ice", "mkd": "mac", "mri": "mao", "msa": "may", "fas": "per",
    "ron": "rum", "slk": "slo", "bod": "tib", "cym": "wel",
}  # fmt: skip


def holds_pictures(container: str, codec: str) -> bool:
    """Whether a container is meant to hold this codec, where libav would notice too late or never."""
    if container == "mov":
        return codec not in _MP4_ONLY
    return container != "mpegts" or codec in _TS_PICTURES


def holds_sound(container: str, codec: str, *, layout_known: bool = True) -> bool:
    """The same of sound; PCM in MP4 needs to know which channel is which."""
    if container == "mov":
        return codec not in _MP4_ONLY
    if container == "mp4":
        return layout_known or not codec.startswith("pcm_")
    return container != "mpegts" or codec in _TS_SOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a clip goes."""

    path: Path
    container: str
    aside: Path  # in the same folder: what is written before it is complete

    @property
    def hides_priming(self) -> bool:
        """Whether players can be told to leave out sound and pictures before the start."""
        return self.container in _EDIT_LISTS


def target_for(output: Path, source: Path, aside: Path | None = None) -> Target:
    """Check where a clip is to go. Raises `clip.container`, `clip.no-folder`, `clip.same-file`, `clip.not-a-file`."""
    container = CONTAINERS.get(output.suffix.lower())
    if container is None:
        raise CutroomError(
            "clip.container",
            f"A clip cannot be written as {shown(Path(output.name))}.",
            hint="End the name in .mp4, .mov, .mkv, .ts or .webm.",
        )
    if not output.parent.is_dir():
        raise CutroomError(
            "clip.no-folder", f"There is no folder {shown(output.parent)}.", hint="Make it first, or name another."
        )
    if output.exists():
        if not output.is_file():
            raise CutroomError("clip.not-a-file", f"{shown(output)} is not a file.", hint="Name a file to write.")
        if source.exists() and output.samefile(source):
            raise CutroomError(
                "clip.same-file", f"{shown(output)} is the source itself.", hint="Give the clip another name."
            )
    return Target(path=output, container=container, aside=aside or aside_for(output))


@contextmanager
def written_aside(target: Target) -> Iterator[Path]:
    """A name beside the target to write to; it becomes the target's when the block succeeds, and goes otherwise."""
    aside = target.aside
    try:
        yield aside
        _sync(aside)
        aside.replace(target.path)
        _sync(target.path.parent)
    except (OSError, av.FFmpegError) as error:
        raise _cannot_write(target.path, error) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(path: Path, error: OSError | av.FFmpegError) -> CutroomError:
    if error.errno in _FULL:
        hint = "Make room or choose another folder, then cut again."
        message = f"There is no room left for {shown(path)}."
        return CutroomError("clip.no-space", message, hint=hint, kind=ErrorKind.NO_SPACE)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "Choose a folder that this user may write to."
        message = f"{shown(path.parent)} may not be written to."
        return CutroomError("clip.no-permission", message, hint=hint, kind=ErrorKind.FORBIDDEN)
    message = f"{shown(path)} could not be written: {error.strerror or error}."
    return CutroomError("clip.not-written", message, hint="Try another container or mode.", kind=ErrorKind.FAILED)


@contextmanager
def open_output(aside: Path, target: Target, source: InputContainer) -> Iterator[OutputContainer]:
    """A muxer for the clip that keeps the source's tags."""
    options = {"movflags": "+faststart"} if target.hides_priming else {}
    # The protocol is named, so that nothing in a path can be taken for another one.
    output = av.open(f"file:{aside}", "w", format=target.container, container_options=options)
    try:
        output.metadata.update({k: v for k, v in source.metadata.items() if k.lower() not in _NOT_COPIED})
        yield output
    except BaseException:
        with contextlib.suppress(OSError, av.FFmpegError):
            output.close()
        raise
    output.close()


def keep_tags(stream: Stream, template: Stream, *, timecode: str | None = None) -> None:
    """Give an output stream its source's language, title, role and, moved to the clip's start, timecode."""
    tags = {k: v for k, v in template.metadata.items() if k.lower() not in _NOT_COPIED}
    # Readers of MP4 call a track's title its name, and writers take it as its title.
    name = tags.pop("name", None) or tags.pop("NAME", None)
    if name and not tags.get("title"):
        tags["title"] = name
    if stream.container.format.name == "mov" and "language" in tags:
        tags["language"] = _OLDER_LANGUAGES.get(tags["language"], tags["language"])
    stream.metadata.update(tags)
    stream.disposition = template.disposition
    if timecode:
        stream.metadata["timecode"] = timecode


def mux_in_order(output: OutputContainer, tracks: list[Iterator[tuple[Stream, Packet[Any]]]]) -> None:
    """Mux packets of several readers by their decoding times, so that nothing piles up in memory."""
    for stream, packet in heapq.merge(*tracks, key=_decoding_seconds):
        packet.stream = stream
        output.mux_one(packet)


def _decoding_seconds(item: tuple[Stream, Packet[Any]]) -> Fraction:
    _, packet = item
    time = packet.dts if packet.dts is not None else packet.pts or 0
    base = packet.time_base
    return Fraction(time * base.numerator, base.denominator)
