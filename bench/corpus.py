"""A corpus of healthy shapes and of seeded damage, for the inspector's tests and bench.

Healthy: codecs × containers with quirks (fragmented, index first, B-frames, variable rate, no audio, audio only…).
Damage: every kind is a function of bytes and a seeded `random.Random`, so that a corpus can be made again.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast

import av
import numpy as np
from av.video.stream import VideoStream

from cutroom.media.sample.scheduling import ordinary_scheduling


class Shape(NamedTuple):
    """One healthy kind of file."""

    name: str
    extension: str
    video: str | None
    audio: str | None
    format: str | None = None
    video_options: dict[str, str] = {}  # noqa: RUF012
    mux_options: dict[str, str] = {}  # noqa: RUF012
    pixels: str = "yuv420p"
    variable: bool = False
    bframes: int = 0


X264 = {"preset": "veryfast", "g": "12", "bf": "2"}
SHAPES: tuple[Shape, ...] = (
    Shape("x264-mp4", "mp4", "libx264", "aac", video_options=X264),
    Shape("x264-faststart", "mp4", "libx264", "aac", video_options=X264, mux_options={"movflags": "+faststart"}),
    Shape(
        "x264-fragmented",
        "mp4",
        "libx264",
        "aac",
        video_options=X264,
        mux_options={"movflags": "+frag_keyframe+empty_moov+default_base_moof"},
    ),
    Shape(
        "x264-cmaf",
        "mp4",
        "libx264",
        "aac",
        video_options=X264,
        mux_options={"movflags": "+frag_keyframe+empty_moov+cmaf+global_sidx", "frag_duration": "500000"},
    ),
    Shape("x264-vfr", "mp4", "libx264", "aac", video_options=X264, variable=True),
    Shape("x264-silent", "mp4", "libx264", None, video_options=X264),
    Shape("x264-intra", "mov", "libx264", "pcm_s16le", video_options={"g": "1", "preset": "veryfast"}),
    Shape("x264-mkv", "mkv", "libx264", "aac", video_options=X264),
    Shape("x264-mkv-opus", "mkv", "libx264", "libopus", video_options=X264),
    Shape("x264-mkv-live", "mkv", "libx264", "aac", video_options=X264, mux_options={"live": "1"}),
    Shape("x264-mkv-flac", "mkv", "libx264", "flac", video_options=X264),
    Shape("x264-ts", "ts", "libx264", "aac", video_options=X264),
    Shape("x264-ts-ac3", "ts", "libx264", "ac3", video_options=X264),
    Shape("x264-m2ts", "m2ts", "libx264", "ac3", video_options=X264),
    Shape("x264-flv", "flv", "libx264", "aac", video_options={**X264, "bf": "0"}),
    Shape("x264-avi", "avi", "libx264", "libmp3lame", video_options={**X264, "bf": "0"}),
    Shape(
        "x265-mp4",
        "mp4",
        "libx265",
        "aac",
        video_options={"preset": "ultrafast", "g": "12", "x265-params": "log-level=none"},
    ),
    Shape(
        "x265-mkv",
        "mkv",
        "libx265",
        "libopus",
        video_options={"preset": "ultrafast", "g": "12", "x265-params": "log-level=none"},
    ),
    Shape(
        "x265-ts",
        "ts",
        "libx265",
        "aac",
        video_options={"preset": "ultrafast", "g": "12", "x265-params": "log-level=none"},
    ),
    Shape(
        "x265-10bit",
        "mp4",
        "libx265",
        "eac3",
        video_options={"preset": "ultrafast", "g": "12", "x265-params": "log-level=none"},
        pixels="yuv420p10le",
    ),
    Shape("av1-mp4", "mp4", "libsvtav1", "libopus", video_options={"preset": "12", "g": "12", "svtav1-params": "lp=1"}),
    Shape(
        "av1-webm", "webm", "libsvtav1", "libopus", video_options={"preset": "12", "g": "12", "svtav1-params": "lp=1"}
    ),
    Shape(
        "vp9-webm",
        "webm",
        "libvpx-vp9",
        "libopus",
        video_options={"cpu-used": "8", "deadline": "realtime", "g": "12", "b": "400k"},
    ),
    Shape(
        "vp9-mp4",
        "mp4",
        "libvpx-vp9",
        "libopus",
        video_options={"cpu-used": "8", "deadline": "realtime", "g": "12", "b": "400k"},
    ),
    Shape(
        "vp8-webm",
        "webm",
        "libvpx",
        "libopus",
        video_options={"cpu-used": "8", "deadline": "realtime", "g": "12", "b": "400k"},
    ),
    Shape("mpeg4-avi", "avi", "mpeg4", "libmp3lame", video_options={"g": "12", "qscale": "4"}),
    Shape("mpeg4-mp4", "mp4", "mpeg4", "aac", video_options={"g": "12", "b": "800k"}),
    Shape("mpeg4-mkv", "mkv", "mpeg4", "ac3", video_options={"g": "12", "b": "800k"}),
    Shape("msmpeg4-avi", "avi", "msmpeg4", "libmp3lame", video_options={"g": "12", "b": "800k"}),
    Shape("wmv2-asf", "wmv", "wmv2", "ac3", format="asf", video_options={"g": "12", "b": "800k"}),
    Shape("mpeg2-ts", "ts", "mpeg2video", "mp2", video_options={"g": "12", "b": "1500k"}),
    Shape("mpeg2-ps", "mpg", "mpeg2video", "mp2", format="vob", video_options={"g": "12", "b": "1500k"}),
    Shape("mpeg2-mxf", "mxf", "mpeg2video", "pcm_s16le", video_options={"g": "12", "b": "1500k"}),
    Shape("mpeg1-ps", "mpg", "mpeg1video", "mp2", format="mpeg", video_options={"g": "12", "b": "1500k"}),
    Shape("mjpeg-avi", "avi", "mjpeg", "pcm_s16le", pixels="yuvj420p"),
    Shape("mjpeg-mov", "mov", "mjpeg", "pcm_s16le", pixels="yuvj420p"),
    Shape("mjpeg-mkv", "mkv", "mjpeg", "aac", pixels="yuvj420p"),
    Shape("prores-mov", "mov", "prores_ks", "pcm_s16le", pixels="yuv422p10le", video_options={"profile": "2"}),
    Shape("dnxhd-mov", "mov", "dnxhd", "pcm_s16le", pixels="yuv422p", video_options={"profile": "dnxhr_lb"}),
    Shape("ffv1-mkv", "mkv", "ffv1", "flac", video_options={"level": "3", "slicecrc": "1"}),
    Shape("flv1-flv", "flv", "flv", "libmp3lame", video_options={"g": "12", "b": "800k"}),
    Shape("aac-m4a", "m4a", None, "aac", format="ipod"),
    Shape("opus-mka", "mka", None, "libopus", format="matroska"),
    Shape("opus-ogg", "ogg", None, "libopus"),
)
WIDTH, HEIGHT, FRAMES, RATE = 192, 144, 75, 25


def make(
    shape: Shape, path: Path, *, frames: int = FRAMES, size: tuple[int, int] = (WIDTH, HEIGHT), seed: int = 1
) -> None:
    """Encode one healthy file of `frames` frames at 25 fps."""
    with ordinary_scheduling(), av.open(str(path), "w", format=shape.format, options=shape.mux_options) as output:
        video = audio = None
        if shape.video:
            width, height = (256, 144) if shape.video == "dnxhd" else size  # it takes nothing smaller
            video = cast(VideoStream, output.add_stream(shape.video, rate=RATE, options=shape.video_options))
            video.width, video.height, video.pix_fmt = width, height, shape.pixels
            video.codec_context.time_base = Fraction(1, RATE)
            video.codec_context.thread_count = 1
        if shape.audio:
            audio = output.add_stream(shape.audio, rate=48000, layout="stereo")
        _encode(output, video, audio, shape, frames, seed)


def _encode(output, video, audio, shape: Shape, frames: int, seed: int) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    pts, sample = 0, 0
    for number in range(frames):
        if video is not None:
            frame = av.VideoFrame.from_ndarray(_picture(video.width, video.height, number, rng), format="rgb24")
            frame = frame.reformat(format=shape.pixels)
            frame.pts, frame.time_base = pts, Fraction(1, RATE)
            for packet in video.encode(frame):
                output.mux(packet)
        pts += 1 + (number % 3 if shape.variable else 0)
        while audio is not None and sample * RATE < pts * 48000:
            for packet in audio.encode(_sound(audio, sample)):
                output.mux(packet)
            sample += 960
    for stream in (video, audio):
        if stream is not None:
            for packet in stream.encode(None):
                output.mux(packet)


def _picture(width: int, height: int, number: int, rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    red = (x * 2 + number * 5) % 256
    green = (y * 3 - number * 3) % 256
    blue = (128 + 100 * np.sin((x + y + number * 4) / 17)).astype(int)
    image = np.stack([red, green, blue], axis=2) + rng.integers(-9, 10, (height, width, 1))
    return np.clip(image, 0, 255).astype(np.uint8)


def _sound(stream, sample: int):  # type: ignore[no-untyped-def]
    t = (np.arange(960) + sample) / 48000
    wave = 0.3 * np.sin(2 * np.pi * 440 * t) + 0.1 * np.sin(2 * np.pi * (600 + 300 * np.sin(t)) * t)
    data = (np.stack([wave, wave * 0.8]) * 32000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data.T).reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, sample, Fraction(1, 48000)
    return frame


Damage = Callable[[bytearray, random.Random], bytearray | None]


def _cut(share: float) -> Damage:
    return lambda data, rng: data[: int(len(data) * share)]


def _cut_last(count: int) -> Damage:
    return lambda data, rng: data[:-count]


def _block(size: int, filler: str) -> Damage:
    def damage(data: bytearray, rng: random.Random) -> bytearray | None:
        length = min(size, len(data) // 4)
        start = rng.randrange(len(data) // 10, len(data) - length - len(data) // 10)
        if filler == "zero":
            data[start : start + length] = bytes(length)
        elif filler == "ones":
            data[start : start + length] = b"\xff" * length
        elif filler == "random":
            data[start : start + length] = rng.randbytes(length)
        else:  # another part of the same file, as a misdirected write leaves it
            other = rng.randrange(0, len(data) - length)
            data[start : start + length] = data[other : other + length]
        return data

    return damage


def _flips(count: int) -> Damage:
    def damage(data: bytearray, rng: random.Random) -> bytearray:
        for _ in range(count):
            at = rng.randrange(len(data) // 20, len(data))
            data[at] ^= 1 << rng.randrange(8)
        return data

    return damage


def _missing_bytes(count: int) -> Damage:
    def damage(data: bytearray, rng: random.Random) -> bytearray:
        at = rng.randrange(len(data) // 10, len(data) * 9 // 10)
        del data[at : at + count]
        return data

    return damage


def _extra_bytes(count: int) -> Damage:
    def damage(data: bytearray, rng: random.Random) -> bytearray:
        at = rng.randrange(len(data) // 10, len(data) * 9 // 10)
        data[at:at] = rng.randbytes(count)
        return data

    return damage


def _head(filler: str) -> Damage:
    def damage(data: bytearray, rng: random.Random) -> bytearray:
        data[:512] = bytes(512) if filler == "zero" else rng.randbytes(512)
        return data

    return damage


def _tail_zero(data: bytearray, rng: random.Random) -> bytearray:
    size = len(data) * 3 // 10
    data[-size:] = bytes(size)
    return data


def _tail_random(data: bytearray, rng: random.Random) -> bytearray:
    size = len(data) * 3 // 20
    data[-size:] = rng.randbytes(size)
    return data


def _swap(data: bytearray, rng: random.Random) -> bytearray:
    size = min(4096, len(data) // 6)
    first = rng.randrange(len(data) // 10, len(data) // 2 - size)
    second = rng.randrange(len(data) // 2, len(data) * 9 // 10 - size)
    data[first : first + size], data[second : second + size] = data[second : second + size], data[first : first + size]
    return data


def _rename_box(name: bytes) -> Damage:
    def damage(data: bytearray, rng: random.Random) -> bytearray | None:
        at = data.find(name)
        if data[4:8] != b"ftyp" or at < 0:
            return None
        data[at : at + 4] = b"free" if name == b"moov" else b"XXXX"
        return data

    return damage


def _chunk_offsets(data: bytearray, rng: random.Random) -> bytearray | None:
    at = data.find(b"stco")
    if data[4:8] != b"ftyp" or at < 0:
        return None
    count = int.from_bytes(data[at + 8 : at + 12], "big")
    for entry in range(count // 2, count):
        place = at + 12 + entry * 4
        value = int.from_bytes(data[place : place + 4], "big") + 100
        data[place : place + 4] = value.to_bytes(4, "big")
    return data if count > 1 else None


def _sample_sizes(data: bytearray, rng: random.Random) -> bytearray | None:
    at = data.find(b"stsz")
    if data[4:8] != b"ftyp" or at < 0 or int.from_bytes(data[at + 8 : at + 12], "big"):
        return None
    count = int.from_bytes(data[at + 12 : at + 16], "big")
    if count < 8:
        return None
    place = at + 16 + 4 * rng.randrange(count // 4, count * 3 // 4)
    data[place + 2] ^= 0x15
    return data


def _drop_ts_packets(data: bytearray, rng: random.Random) -> bytearray | None:
    if data[:1] != b"\x47" or len(data) % 188:
        return None
    at = 188 * rng.randrange(len(data) // 188 // 10, len(data) // 188 * 9 // 10)
    del data[at : at + 188 * 3]
    return data


def _hole(data: bytearray, rng: random.Random) -> bytearray:
    """A download that left a part out."""
    start = len(data) * rng.randrange(20, 70) // 100
    length = len(data) * rng.randrange(5, 25) // 100
    data[start : start + length] = bytes(length)
    return data


def _shift(data: bytearray, rng: random.Random) -> bytearray:
    """Bytes lost in the middle, the length made up at the end."""
    start, count = len(data) * rng.randrange(20, 70) // 100, rng.choice([1, 7, 64, 512])
    data[start:] = data[start + count :] + bytes(count)
    return data


def _sectors(filler: str) -> Damage:
    def damage(data: bytearray, rng: random.Random) -> bytearray:
        for _ in range(3):
            start = rng.randrange(len(data) // 20, len(data) - 512) // 512 * 512
            data[start : start + 512] = bytes(512) if filler == "zero" else rng.randbytes(512)
        return data

    return damage


def _left_out(what: str, count: int) -> Damage:
    """Packets of one kind missing from a file that is otherwise whole: it is written again without them."""

    def damage(data: bytearray, rng: random.Random) -> bytearray | None:
        target = io.BytesIO()
        with av.open(io.BytesIO(bytes(data)), "r") as source:
            name = _MUXERS.get(source.format.name)
            if name is None or not source.streams.video:
                return None
            chosen = [*source.streams.video[:1], *source.streams.audio[:1]]
            packets = [packet for packet in source.demux(*chosen) if packet.size]
            of_kind = [at for at, packet in enumerate(packets) if packet.stream.type == what]
            if len(of_kind) < 3 * count:
                return None
            first = rng.randrange(count, len(of_kind) - count)
            lost = set(of_kind[first : first + count])
            with av.open(target, "w", format=name) as output:
                streams = {stream.index: output.add_stream_from_template(stream) for stream in chosen}
                for at, packet in enumerate(packets):
                    packet.stream = streams[packet.stream_index]
                    if at not in lost:
                        output.mux(packet)
        return bytearray(target.getvalue())

    return damage


_MUXERS = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "matroska", "mpegts": "mpegts", "flv": "flv"}
DAMAGE: dict[str, Damage] = {
    "cut-10": _cut(0.1),
    "cut-50": _cut(0.5),
    "cut-90": _cut(0.9),
    "cut-98": _cut(0.98),
    "cut-last-1": _cut_last(1),
    "cut-last-700": _cut_last(700),
    "zero-512": _block(512, "zero"),
    "zero-4k": _block(4096, "zero"),
    "zero-64k": _block(65536, "zero"),
    "ones-4k": _block(4096, "ones"),
    "random-64": _block(64, "random"),
    "random-512": _block(512, "random"),
    "random-4k": _block(4096, "random"),
    "repeat-4k": _block(4096, "repeat"),
    "flip-1": _flips(1),
    "flip-10": _flips(10),
    "flip-100": _flips(100),
    "missing-1": _missing_bytes(1),
    "missing-100": _missing_bytes(100),
    "missing-4096": _missing_bytes(4096),
    "extra-1": _extra_bytes(1),
    "extra-1000": _extra_bytes(1000),
    "head-zero": _head("zero"),
    "head-random": _head("random"),
    "tail-zero": _tail_zero,
    "tail-random": _tail_random,
    "swap-4k": _swap,
    "no-moov": _rename_box(b"moov"),
    "no-stbl": _rename_box(b"stbl"),
    "wrong-chunk-offsets": _chunk_offsets,
    "wrong-sample-size": _sample_sizes,
    "drop-ts-packets": _drop_ts_packets,
    "hole": _hole,
    "shift": _shift,
    "sectors-zero": _sectors("zero"),
    "sectors-random": _sectors("random"),
    "pictures-1": _left_out("video", 1),
    "pictures-12": _left_out("video", 12),
}


FAMILIES = {
    "cut": "cut off", "zero": "zeroed", "tail": "zeroed or overwritten end", "ones": "overwritten",
    "random": "overwritten", "repeat": "overwritten", "swap": "overwritten", "sectors": "bad sectors",
    "flip": "flipped bits", "missing": "bytes missing", "extra": "bytes too many", "shift": "bytes missing",
    "head": "beginning lost", "no": "index lost", "wrong": "wrong index", "drop": "packets lost",
    "pictures": "pictures left out", "hole": "holes of a download",
}  # fmt: skip
"""The family of a kind of damage, by the first word of its name."""


def family(kind: str) -> str:
    """What a kind of damage is called in a report."""
    return FAMILIES[kind.partition("-")[0]]


def damaged(data: bytes, kind: str, seed: int) -> bytes | None:
    """`data` with one kind of damage, or None where the kind does not apply to it."""
    try:
        result = DAMAGE[kind](bytearray(data), random.Random(f"{kind}-{seed}"))
    except (av.FFmpegError, ValueError):
        return None  # this container cannot be written with that codec
    return None if result is None or bytes(result) == data else bytes(result)


def healthy_corpus(folder: Path, shapes: tuple[Shape, ...] = SHAPES) -> Iterator[tuple[Shape, Path]]:
    """Make every healthy shape in `folder`; files that exist are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for shape in shapes:
        path = folder / f"{shape.name}.{shape.extension}"
        if not path.exists():
            make(shape, path)
        yield shape, path
