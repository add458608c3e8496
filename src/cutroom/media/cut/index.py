"""Reading a file's packets, without decoding, into the pictures that a cut is planned over.

Frames are counted as a player shows them: edit lists hide pictures, nothing counts before the first key picture, and
what a header says about the number of frames is not believed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.cut import h264, hevc
from cutroom.media.cut.pictures import Access, Picture, Pictures, Wanted
from cutroom.media.cut.sps import parse_sps
from cutroom.media.source import HEADER_ONLY, open_source, packets, reading, shown

_UNTIMED = ("avi", "h264", "hevc", "m4v", "mpegvideo", "vc1")  # they do not say when a reordered frame is shown
_MARGIN_SECONDS = Fraction(1)  # more than any reordering moves a frame
WORTH_IT = 2000  # pictures; shorter files are read in a moment
_SETTLED = 2  # key pictures to read past the wanted range, so that no picture that belongs before is still to come


def first_video(container: InputContainer, path: Path) -> VideoStream:
    """The first stream of moving pictures; a cover image is none. Raises `clip.no-video`."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic and stream.codec_context is not None:
            return stream
    raise CutroomError(
        "clip.no-video",
        f"{shown(path)} has no video to cut.",
        hint="Subclips are cut by frames, so the file needs a video stream.",
        kind=ErrorKind.UNSUPPORTED,
    )


def read_pictures(path: Path, wanted: Wanted, *, headed: bool = False) -> Pictures:
    """The pictures of the file's video, in decoding order, at least as far as wanted.

    `headed` promises that the container's header alone says what its tracks are, as in an MP4.
    """
    with open_source(path, options=HEADER_ONLY if headed else None) as container, reading(path):
        stream = first_video(container, path)
        window = _read_window(path, wanted) if _is_worth_a_window(container, stream, wanted) else None
        return window or _read_whole(path, container, stream, wanted)


def _is_worth_a_window(container: InputContainer, stream: VideoStream, wanted: Wanted) -> bool:
    return wanted.end is not None and is_headed(container) and stream.frames >= WORTH_IT


def is_headed(container: InputContainer) -> bool:
    """Whether a container's header alone says what its tracks are and when pictures are shown."""
    return "mp4" in container.format.name


def _read_whole(path: Path, container: InputContainer, stream: VideoStream, wanted: Wanted) -> Pictures:
    time_base, rate, codec = _time_base(stream), frame_rate(stream), stream_codec(stream)
    timed = not (container.format.name in _UNTIMED and stream.codec_context.has_b_frames)
    coded: list[Picture] = []
    complete, enough = True, _Enough(wanted, time_base)
    for picture in _pictures(container, stream):
        coded.append(picture)
        if enough.after(picture):
            complete = False
            break
    if not coded:
        raise CutroomError(
            "clip.no-video", f"The video of {shown(path)} holds no frames.", hint="Inspect the file for damage."
        )
    coded, ordered = _numbered(coded, hides_start=codec in ("h264", "hevc"), timed=timed)
    return Pictures(
        coded=coded,
        time_base=time_base,
        rate=rate,
        codec=codec,
        complete=complete,
        headed=is_headed(container),
        depth_told=_tells_depth(stream),
        ordered=ordered,
    )


class PictureIndex:
    """A file's pictures for one cut or for several, which then share what had to be read whole."""

    def __init__(self, path: Path, *, several: bool = False) -> None:
        self.path = path
        self._several = several
        self._whole: Pictures | None = None
        self._stamp = _stamp(path)

    def pictures(self, wanted: Wanted) -> Pictures:
        """The pictures, at least as far as wanted."""
        if not self._several:
            return read_pictures(self.path, wanted)
        if _stamp(self.path) != self._stamp:
            self._whole, self._stamp = None, _stamp(self.path)
        if self._whole is None:
            part = read_pictures(self.path, wanted)
            if part.table is not None:
                return part
            self._whole = part if part.complete else read_pictures(self.path, Wanted())
        return self._whole


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None  # the reader says what is wrong with it
    return status.st_size, status.st_mtime_ns


def _read_window(path: Path, wanted: Wanted) -> Pictures | None:
    """A part of a long file, read on a handle of its own, because a failed attempt leaves it anywhere."""
    # The reader of tables needs numpy, which takes longer to load than a short file to read.
    from cutroom.media.cut.composition import sample_times
    from cutroom.media.cut.window import read_window

    with open_source(path) as container, reading(path):
        stream = first_video(container, path)
        window = read_window(
            container,
            stream,
            wanted,
            lambda: _pictures(container, stream),
            lambda count: sample_times(path, stream.id, count),
            frame_rate(stream),
        )
        return window and replace(window, codec=stream_codec(stream), headed=True, depth_told=_tells_depth(stream))


def _tells_depth(stream: VideoStream) -> bool:
    """Whether a decoder knows from the header how many pictures to hold back; else it has to be shown some first."""
    codec = stream_codec(stream)
    if codec != "h264":
        return codec == "hevc"  # its parameter sets always say
    try:
        _, units = h264.read_configuration(stream.codec_context.extradata)
        depths = [parse_sps(unit).reorder for unit in units if unit[0] & 31 == h264.SPS]
    except (ValueError, IndexError):
        return False
    return bool(depths) and None not in depths


def frame_rate(stream: VideoStream) -> Fraction:
    """Frames a second as the container gives them: the average of a variable rate."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate.numerator, rate.denominator)
    return Fraction(25)


def stream_codec(stream: VideoStream) -> str:
    """The codec's short name."""
    return stream.codec_context.codec.canonical_name


def _time_base(stream: VideoStream) -> Fraction:
    base = stream.time_base
    if not base:
        raise CutroomError("clip.no-video", "The video has no clock.", kind=ErrorKind.UNSUPPORTED)
    return Fraction(base.numerator, base.denominator)


_Classify = Callable[[bytes], Access]


def _classifier(stream: VideoStream) -> _Classify:
    """What a packet that is marked as key really lets one do, judged by its NAL units where the mark says too much."""
    codec = stream_codec(stream)
    if codec == "h264":
        length_bytes, _ = h264.read_configuration(stream.codec_context.extradata)
        return lambda data: _or_none(lambda: h264.access(h264.split_units(data, length_bytes)))
    if codec == "hevc":
        framing = hevc.length_bytes(stream.codec_context.extradata)
        return lambda data: _or_none(lambda: hevc.access(h264.split_units(data, framing)))
    return lambda data: Access.KEY


def _or_none(judge: Callable[[], Access]) -> Access:
    """Nothing may begin at a picture whose units cannot be told apart."""
    try:
        return judge()
    except (ValueError, IndexError):
        return Access.NONE


def _pictures(container: InputContainer, stream: VideoStream) -> Iterator[Picture]:
    classify = _classifier(stream)
    for other in container.streams:
        if other.index != stream.index:
            other.discard = av.stream.Discard.all
    is_vp8 = stream_codec(stream) == "vp8"
    for packet in packets(container, stream):
        if not packet.size:
            continue
        pts = packet.pts
        # A VP8 packet can be a picture that is never shown (bit 4 of its frame tag).
        silent = is_vp8 and not bytes(packet)[0] >> 4 & 1
        yield Picture(
            pts=_NO_TIME if pts is None else pts,
            dts=packet.dts,
            duration=packet.duration or 0,
            size=packet.size,
            access=classify(bytes(packet)) if packet.is_keyframe else Access.NONE,
            number=None if silent or packet.is_discard else 0,
            edited_out=packet.is_discard,
        )


_NO_TIME = -(1 << 62)


class _Enough:
    """Notices, picture by picture, when the wanted range has been passed for good."""

    def __init__(self, wanted: Wanted, time_base: Fraction) -> None:
        self._wanted, self._time_base = wanted, time_base
        self._count = self._keys = 0
        self._first: int | None = None
        self._until: Fraction | None = None
        if wanted.end is not None and wanted.end.frame is None:
            self._until = (wanted.end.seconds or 0) + wanted.padding + _MARGIN_SECONDS

    def after(self, picture: Picture) -> bool:
        """Whether nothing after `picture` can be wanted."""
        if picture.number is None or self._wanted.end is None:
            return False
        self._first = picture.pts if self._first is None else min(self._first, picture.pts)
        seconds = (picture.pts - self._first) * self._time_base
        if self._count == self._wanted.end.frame:
            self._until = seconds + self._wanted.padding + _MARGIN_SECONDS
        self._count += 1
        self._keys += bool(picture.access and self._until is not None and seconds > self._until)
        return self._keys == _SETTLED


def _numbered(coded: list[Picture], *, hides_start: bool, timed: bool) -> tuple[list[Picture], bool]:
    """The pictures with their frame numbers, and whether their times gave them."""
    if hides_start:
        coded = _hide_before_first_key(coded)
    seen = sorted(p.pts for p in coded if p.number is not None)
    numbers = {pts: number for number, pts in enumerate(seen)}
    ordered = timed and len(numbers) == len(seen) and _NO_TIME not in numbers and bool(seen) and _keys_in_order(coded)
    counted = itertools.count()
    return [
        p if p.number is None else replace(p, number=numbers[p.pts] if ordered else next(counted)) for p in coded
    ], ordered


def _hide_before_first_key(coded: list[Picture]) -> list[Picture]:
    """Hide what decoders leave out of a recording that starts in the middle of a group of pictures."""
    first = next((i for i, p in enumerate(coded) if p.access), None)
    if first is None:
        return [replace(coded[0], access=Access.KEY), *coded[1:]]
    hidden = [replace(p, number=None, edited_out=True) for p in coded[:first]]
    return hidden + [replace(p, number=None, edited_out=True) if p.pts < coded[first].pts else p for p in coded[first:]]


def _keys_in_order(coded: list[Picture]) -> bool:
    """Whether every picture after a key picture that starts afresh is shown after what came before it."""
    highest = _NO_TIME
    for picture in coded:
        if picture.access is Access.SPLICE and picture.pts <= highest:
            return False
        highest = max(highest, picture.pts)
    return True
