"""From a source file to its ladder on disk: what a worker's child runs, and the command line on plain files."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from cutroom.media.ladder.plan import BALANCED
from cutroom.media.ladder.result import LadderResult
from cutroom.media.ladder.run import Request, encode_ladder

Report = Callable[[dict[str, Any]], None]


def build_ladder(
    *,
    report: Report,
    source: str,
    segments_dir: str,
    playlist_dir: str,
    previews_dir: str | None = None,
    heights: list[int] | str = "auto",
    quality: str = BALANCED,
    segment_seconds: float | str = 4,
    threads: int = 0,
) -> LadderResult:
    """Encode `source` into an HLS ladder, in one decode.

    Immutable segments go to `segments_dir` (`720/00000.m4s`, `audio/0/00000.m4s`, `timing.json` where the frame rate
    varies), playlists to `playlist_dir` (`master.m3u8`), sprite and peaks to `previews_dir` when there is one.
    `heights` is "auto", "full" or lines; `quality` is small, balanced or fine; `threads` bounds the decoder and each
    encoder (0: as many as suit the machine). Raises CutroomError as `encode_ladder` does.
    """
    request = Request(
        source=Path(source),
        segments=Path(segments_dir),
        playlists=Path(playlist_dir),
        previews=None if previews_dir is None else Path(previews_dir),
        heights=heights if isinstance(heights, str) else tuple(heights),
        quality=quality,
        segment_seconds=Fraction(str(segment_seconds)),
        threads=threads,
    )
    return encode_ladder(request, report)
