"""Thumbnails of a well-chosen frame, in three widths and three formats, and their thumbhash."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from cutroom.media.frame_clock import track_seconds
from cutroom.media.keyframes import frames_from_start, keyframes_at
from cutroom.media.ladder.orientation import Orientation
from cutroom.media.picture import frame_picture
from cutroom.media.probe import display_size, real_video, sample_aspect
from cutroom.media.rotation import read_orientation
from cutroom.media.source import damaged, open_source, reading
from cutroom.media.thumbhash import LARGEST, thumbhash

WIDTHS = (320, 640, 1280)
FORMATS = ("avif", "webp", "jpg")
_SAVE: dict[str, tuple[str, dict[str, Any]]] = {
    "avif": ("AVIF", {"quality": 60, "speed": 8, "max_threads": 1}),
    "webp": ("WEBP", {"quality": 74, "method": 4}),
    "jpg": ("JPEG", {"quality": 80, "optimize": True, "progressive": True}),
}
_PLACES = tuple(Fraction(percent, 100) for percent in (8, 20, 32, 44, 56, 68, 80))
_Scored = tuple[float, Fraction, av.VideoFrame]
_GOOD_ENOUGH = 0.05  # a score below this is a black or a white frame


class Thumbnails(msgspec.Struct, frozen=True, kw_only=True):
    """The files `thumb-{width}.{format}` of a folder; no file where the footage has no picture."""

    widths: list[int]  # pixels; 320, 640, 1280 up to the source's own width, which closes the list when it is smaller
    formats: list[str]  # "avif", "webp", "jpg"
    thumbhash: str | None  # base64
    at: str | None  # seconds from the first frame, "num/den"


def make_thumbnails(path: Path, output_dir: Path) -> Thumbnails:
    """Write the thumbnails of `path` into `output_dir`, which must exist.

    Up to seven keyframes between 8 % and 80 % of the length are decoded and the one with the highest `score` is taken,
    the earliest of equals. Rotation and pixel shape are applied; HDR is brought to SDR (see `picture`).
    """
    with open_source(path) as container, reading(path):
        stream = real_video(container)
        if stream is None:
            return Thumbnails(widths=[], formats=[], thumbhash=None, at=None)
        aspect, turned = sample_aspect(stream), read_orientation(path, container, stream)
        chosen = _choose(container, stream)
        if chosen is None:
            raise damaged(path, ValueError("no frame of it can be decoded"))
        at, frame = chosen
        own_width, _ = display_size(frame.width, frame.height, aspect, turned.degrees)
        widths = [width for width in WIDTHS if width < own_width] + [min(own_width, WIDTHS[-1])]
        widths = sorted(set(widths))
        picture = frame_picture(frame, aspect=aspect, turned=turned, width=widths[-1])
    for width in widths:
        height = max(round(picture.height * width / picture.width), 1)
        sized = picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
        for name in FORMATS:
            save_image(sized, output_dir / f"thumb-{width}.{name}")
    return Thumbnails(
        widths=widths, formats=list(FORMATS), thumbhash=_hash(picture), at=f"{at.numerator}/{at.denominator}"
    )


def save_image(image: Image.Image, path: Path) -> None:
    """Write `image` in the format of the suffix; it appears under its name only when it is complete."""
    kind, options = _SAVE[path.suffix[1:]]
    partial = path.with_name(f".{path.name}.part")
    try:
        image.save(partial, kind, **options)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def resize_picture(source: Path, output: Path, *, width: int, quality: int) -> int:
    """Write a picture of ours again, `width` pixels wide (never wider than it is); returns the width written."""
    with Image.open(source, formats=("JPEG",)) as opened:
        picture = opened.convert("RGB")
    width = min(width, picture.width)
    height = max(round(picture.height * width / picture.width), 1)
    sized = picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
    kind, options = _SAVE[output.suffix[1:]]
    sized.save(output, kind, **{**options, "quality": quality})
    return width


def score(picture: Image.Image) -> float:
    """How much there is to see in a picture, 0 to 1: exposure × (0.1 + 0.4 contrast + 0.3 sharpness + 0.2 colour).

    Exposure falls to 0 towards black (mean luma 16) and white (250). Contrast is the deviation of luma over 64,
    sharpness the mean absolute Laplacian over 24 (low when blurred or flat), colour the deviation of chroma over 32.
    """
    luma, blue, red = (np.asarray(band, dtype=np.float32) for band in picture.convert("YCbCr").split())
    mean = float(luma.mean())
    exposure = min(max((mean - 16) / 48, 0), 1) * min(max((250 - mean) / 40, 0), 1)
    contrast = min(float(luma.std()) / 64, 1)
    edges = 4 * luma[1:-1, 1:-1] - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:]
    sharpness = min(float(np.abs(edges).mean()) / 24, 1) if edges.size else 0.0
    colour = min(float(np.hypot(blue.std(), red.std())) / 32, 1)
    return exposure * (0.1 + 0.4 * contrast + 0.3 * sharpness + 0.2 * colour)


def _choose(container: InputContainer, stream: VideoStream) -> tuple[Fraction, av.VideoFrame] | None:
    seconds = track_seconds(container, stream) or Fraction(0)
    best = _best(keyframes_at(container, stream, [place * seconds for place in _PLACES]))
    if best is None or best[0] < _GOOD_ENOUGH:
        best = max(filter(None, (best, _from_start(container, stream))), key=lambda found: found[0], default=None)
    return best[1:] if best is not None else None


def _best(frames: Iterable[tuple[Fraction, av.VideoFrame]]) -> _Scored | None:
    best: _Scored | None = None
    for at, frame in frames:
        found = score(frame_picture(frame, aspect=Fraction(1), turned=Orientation(), width=160))
        if best is None or found > best[0]:
            best = (found, at, frame)
    return best


def _from_start(container: InputContainer, stream: VideoStream) -> _Scored | None:
    """The best of the first hundred frames: for what cannot be sought in, or is black at all places."""
    try:
        container.seek(stream.start_time or 0, stream=stream)
    except av.FFmpegError:
        return None
    return _best(islice(frames_from_start(container, stream), 0, 100, 10))


def _hash(picture: Image.Image) -> str:
    small = picture.copy()
    small.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
    return base64.b64encode(thumbhash(np.asarray(small))).decode()
