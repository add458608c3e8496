"""The one safe way to open footage: whatever a file is called and whatever it holds, no other file is read.

What makes it safe, all of it needed together: a regular file seen through its descriptor (a FIFO named `.mp4` would
hang every libav timeout), bytes handed to libav through a Python file object (a name like `concat:…` is never parsed
as a protocol), a whitelist of real containers (playlists and scripts name other files), no protocol at all for what a
demuxer might still want to open, and a bound on the pixels of a frame.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.names import shown as shown
from cutroom.media.regular import cannot_open, open_regular

MAX_PIXELS = 1 << 26
"""Pixels of the largest frame that is decoded: 8192 × 8192. A healthy 8K file has 35 million."""

CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mxf,mxf_opatom,flv,live_flv,kux,asf,asf_o,ogg,nut,rm,dv,gxf,"
    "wtv,lxf,ivf,obu,av1,h264,hevc,vvc,m4v,mpegvideo,vc1,mjpeg,dirac,gif,apng,yuv4mpegpipe,wav,w64,aiff,caf,flac,mp3,"
    "aac,ac3,eac3,dts,truehd,amr,au,wv,tta,ape,iamf"
)
"""Demuxers that may open a file. None of them follows names found inside it under the options used here."""

HEADER_ONLY = {"probesize": "32", "skip_frame": "all"}
"""Options to open a file whose header is known to say all that is needed: no picture is decoded to find out more."""

_STILL_BRANDS = {"heic", "heix", "heim", "heis", "mif1", "avif", "mif2"}
_MAGIC = (  # offset, bytes: enough to say "this is a container, and it is broken" instead of "this is no video"
    *((4, name) for name in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"moof", b"styp", b"pnot")),
    (0, b"\x1a\x45\xdf\xa3"),
    (8, b"AVI "),
    (8, b"WAVE"),
    (0, b"OggS"),
    (0, b"FLV"),
    (0, b"fLaC"),
    (0, b"ID3"),
    (8, b"AIFF"),
    (0, b"\x00\x00\x01\xba"),
    (0, b"\x00\x00\x01\xb3"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    (0, b"\x06\x0e\x2b\x34"),
    (0, b"DKIF"),
)


@contextmanager
def open_source(
    path: Path,
    *,
    options: Mapping[str, str] | None = None,
    max_pixels: int = MAX_PIXELS,
    buffer_bytes: int = 1 << 17,
) -> Iterator[InputContainer]:
    """Open `path` for reading; every reader of footage comes through here.

    `options` are demuxer options and cannot loosen the whitelists. Decoders of the container refuse frames above
    `max_pixels`. Errors of libav inside the block are the caller's (see `reading`), except that a file which changed
    meanwhile is always `media.changed`.

    Raises CutroomError: media.not-found, media.no-permission, media.not-a-file, media.empty, media.unreadable,
    media.not-video, media.damaged, media.too-large, media.changed.
    """
    with open_regular(path) as file:
        before = _stamp(file)
        try:
            container = _open(path, file, options or {}, max_pixels, buffer_bytes)
            try:
                if any(_is_sizeless(stream) for stream in container.streams.video):
                    _check_declared(path, file, max_pixels)
                _check_streams(path, container, max_pixels, broken=_looks_like_container(file))
                yield container
            finally:
                container.close()
        except (CutroomError, av.FFmpegError, OSError, ValueError):
            _check_unchanged(path, file, before)
            raise
        _check_unchanged(path, file, before)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn libav's errors of demuxing or decoding `path` inside the block into `media.damaged`."""
    try:
        yield
    except av.FFmpegError as error:
        raise damaged(path, error) from error


def packets(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    """The packets of streams, closed by empty ones that flush their decoders: use this and not `container.demux`.

    A transport or program stream may name streams late. PyAV's own generator then looks at memory it never set when it
    flushes, and raises IndexError after the wanted stream has had its last packet: that is the end, and no error.
    """
    try:
        yield from container.demux(*streams)
    except IndexError:
        return


def damaged(path: Path, error: BaseException) -> CutroomError:
    """The error for footage that libav gave up on."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return CutroomError(
        "media.damaged",
        f"{shown(path)} is damaged and cannot be read: {reason}.",
        hint="Inspect the file, or copy it again from where it came from.",
        kind=ErrorKind.FAILED,
    )


def _open(path: Path, file: IO[bytes], options: Mapping[str, str], max_pixels: int | None, buffer_bytes: int) -> Any:
    guarded = {**options, "format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    if max_pixels is not None:
        guarded["max_pixels"] = str(max_pixels)  # reaches the decoders that look at the streams while opening
    try:
        return av.open(file, "r", options=guarded, buffer_size=buffer_bytes, metadata_errors="replace")
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise too_large(path, max_pixels or MAX_PIXELS) from error
        raise (damaged(path, error) if _looks_like_container(file) else not_video(path)) from error
    except OSError as error:
        raise cannot_open(path, error) from error


def _looks_like_container(file: IO[bytes]) -> bool:
    try:
        head = os.pread(file.fileno(), 400, 0)
    except OSError:
        return False
    if any(head[offset : offset + len(magic)] == magic for offset, magic in _MAGIC):
        return True
    return any(head[start : start + 2 * step : step] == b"GG" for start, step in ((0, 188), (4, 192)))


def _check_streams(path: Path, container: InputContainer, max_pixels: int, *, broken: bool) -> None:
    """Refuse what holds no picture or sound in time, and bound every decoder."""
    if broken and all(stream.type in ("data", "unknown") for stream in container.streams):
        raise damaged(path, ValueError("its header describes no picture and no sound"))
    if not (container.streams.video or container.streams.audio):
        raise not_video(path)
    if container.metadata.get("major_brand", "").strip() in _STILL_BRANDS and not container.streams.audio:
        raise not_video(path)
    for stream in container.streams.video:
        if stream.codec_context is None:
            continue
        if stream.codec_context.width * stream.codec_context.height > max_pixels:
            raise too_large(path, max_pixels)
        stream.codec_context.options = {**stream.codec_context.options, "max_pixels": str(max_pixels)}


def _is_sizeless(stream: VideoStream) -> bool:
    return stream.codec_context is not None and not stream.codec_context.width


def _check_declared(path: Path, file: IO[bytes], max_pixels: int) -> None:
    """A decoder that refused a picture for its size leaves none: what the header declares is read without decoding."""
    place = file.tell()
    file.seek(0)
    try:
        with _open(path, file, HEADER_ONLY, None, 1 << 16) as container:
            sizes = [stream.width * stream.height for stream in container.streams.video]
    finally:
        file.seek(place)
    if any(size > max_pixels for size in sizes):
        raise too_large(path, max_pixels)


def not_video(path: Path) -> CutroomError:
    """The error for a file that holds neither moving pictures nor sound."""
    hint = "Cutroom reads MP4, MOV, MKV, WebM, AVI, MXF, MPEG-TS and other video containers."
    return CutroomError("media.not-video", f"{shown(path)} is not a video file.", hint=hint, kind=ErrorKind.UNSUPPORTED)


def too_large(path: Path, max_pixels: int) -> CutroomError:
    """The error for a picture larger than is decoded."""
    message = f"{shown(path)} declares a picture of more than {max_pixels / 1e6:.0f} million pixels."
    return CutroomError("media.too-large", message, hint="Such a frame is not decoded.", kind=ErrorKind.TOO_LARGE)


def _stamp(file: IO[bytes]) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _check_unchanged(path: Path, file: IO[bytes], before: tuple[int, int]) -> None:
    if _stamp(file) != before:
        raise CutroomError(
            "media.changed",
            f"{shown(path)} changed while it was read.",
            hint="Wait until the copy or the recording has finished, then try again.",
            kind=ErrorKind.CONFLICT,
        )
