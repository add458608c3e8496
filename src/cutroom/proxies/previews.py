"""The work of previews, from a file to small files beside it; runs in a bounded child, and knows no database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cutroom.media.images import Thumbnails as ThumbnailResult
from cutroom.media.images import make_thumbnails
from cutroom.media.peaks import PeaksDetail
from cutroom.media.previews import make_peaks, make_sprite
from cutroom.media.sprite import SpriteDetail

Report = Callable[[dict[str, Any]], None]

__all__ = ["Report", "ThumbnailResult", "build_peaks", "build_sprite", "build_thumbnails"]


def build_thumbnails(*, report: Report, source: str, output_dir: str) -> ThumbnailResult:
    """Write `thumb-{width}.{avif,webp,jpg}` into `output_dir`; no widths for footage without a picture."""
    report({"fraction": 0.0, "stage": "thumbnails"})
    return make_thumbnails(Path(source), _folder(output_dir))


def build_sprite(*, report: Report, source: str, output_dir: str) -> SpriteDetail | None:
    """Write `sprite-0.webp` and `sprite.vtt` into `output_dir`; None for footage without a picture."""
    report({"fraction": 0.0, "stage": "sprite"})
    return make_sprite(Path(source), _folder(output_dir))


def build_peaks(*, report: Report, source: str, output_dir: str) -> PeaksDetail | None:
    """Write `peaks.dat`, coarser zooms and `peaks.json` into `output_dir`; None for footage without sound."""
    report({"fraction": 0.0, "stage": "waveform"})
    return make_peaks(Path(source), _folder(output_dir))


def _folder(name: str) -> Path:
    folder = Path(name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
