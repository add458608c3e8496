"""What a clip's file is called."""

from __future__ import annotations

from fractions import Fraction
from pathlib import PurePath

from cutroom.core.timecode import format_timecode

CONTAINERS = {
    "mp4": "mp4",
    "m4v": "mp4",
    "mov": "mov",
    "mkv": "mkv",
    "webm": "mkv",
    "ts": "ts",
    "mts": "ts",
    "m2ts": "ts",
}
"""The container a clip gets by its video's ending; every other ending becomes mp4."""

MEDIA_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "mkv": "video/x-matroska", "ts": "video/mp2t"}

_MAX_BYTES = 200  # a file name may have 255, and a reader of it may add something


def container_for(video_name: str) -> str:
    """The ending of a clip of a video with this name, without a dot."""
    return CONTAINERS.get(PurePath(video_name).suffix.lower().lstrip("."), "mp4")


def clip_name(video_name: str, in_frame: int, out_frame: int, rate: Fraction | None) -> str:
    """`talk_00.00.05.00-00.00.07.12.mp4`: the video's name and the marks, the out mark exclusive."""
    stem = PurePath(video_name).stem or "clip"
    if rate is None:
        marks = f"{in_frame}-{out_frame}"
    else:
        marks = "-".join(
            format_timecode(frame, rate).replace(":", ".").replace(";", ".") for frame in (in_frame, out_frame)
        )
    return safe_name(f"{stem}_{marks}", container_for(video_name))


def safe_name(stem: str, ending: str) -> str:
    """A file name that every system takes: no separators, no control characters, not hidden, not too long."""
    kept = "".join(" " if not letter.isprintable() or letter in '/\\:*?"<>|' else letter for letter in stem)
    kept = " ".join(kept.split()).strip(". ") or "clip"
    kept = kept.encode("utf-8", "replace")[: _MAX_BYTES - len(ending) - 1].decode("utf-8", "ignore")
    return f"{kept}.{ending}"
