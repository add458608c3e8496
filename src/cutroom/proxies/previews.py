"""The work of previews, from a file to small files beside it; runs in a bounded child, and knows no database."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.images import Thumbnails as ThumbnailResult
from cutroom.media.images import make_thumbnails, resize_picture
from cutroom.media.peaks import PeaksDetail
from cutroom.media.previews import make_peaks, make_sprite
from cutroom.media.sprite import SpriteDetail
from cutroom.media.trickplay import make_sprite_of_rung

Report = Callable[[dict[str, Any]], None]

__all__ = ["Report", "ThumbnailResult", "build_peaks", "build_sprite", "build_sprite_of_rung", "build_thumbnails"]


def build_thumbnails(*, report: Report, source: str, output_dir: str) -> ThumbnailResult:
    """Write `thumb-{width}.{avif,webp,jpg}` into `output_dir`; no widths for footage without a picture."""
    report({"fraction": 0.0, "stage": "thumbnails"})
    with _folder(output_dir) as folder:
        return make_thumbnails(Path(source), folder)


def resize_image(*, report: Report, source: str, output: str, width: int, quality: int) -> dict[str, int]:
    """Write a thumbnail again in another width, in the format of the suffix of `output`."""
    report({"fraction": 0.0, "stage": "picture"})
    with _folder(str(Path(output).parent)):
        return {"width": resize_picture(Path(source), Path(output), width=width, quality=quality)}


def build_sprite(*, report: Report, source: str, output_dir: str) -> SpriteDetail | None:
    """Write `sprite-0.webp`, more sheets of long footage and `thumbnails.vtt`; None for footage without a picture."""
    report({"fraction": 0.0, "stage": "sprite"})
    with _folder(output_dir) as folder:
        return make_sprite(Path(source), folder)


def build_sprite_of_rung(
    *, report: Report, playlist: str, output_dir: str, duration: str | None
) -> SpriteDetail | None:
    """The same out of a finished ladder's rung, which is many times cheaper; `duration` is seconds as "num/den"."""
    report({"fraction": 0.0, "stage": "sprite"})
    with _folder(output_dir) as folder:
        return make_sprite_of_rung(Path(playlist), folder, Fraction(duration) if duration else None)


def build_peaks(*, report: Report, source: str, output_dir: str) -> PeaksDetail | None:
    """Write `peaks.dat`, coarser zooms and `peaks.json` into `output_dir`; None for footage without sound."""
    report({"fraction": 0.0, "stage": "waveform"})
    with _folder(output_dir) as folder:
        return make_peaks(Path(source), folder)


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """The folder `name`, made when missing; what the disk refuses inside the block is one sentence."""
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise CutroomError(
            "preview.cannot-write",
            f"The previews cannot be written to {folder}: {os.strerror(error.errno or errno.EIO)}.",
            hint="Make room on the disk." if full else "Name a folder that may be written to.",
            kind=ErrorKind.NO_SPACE if full else ErrorKind.FAILED,
        ) from error
