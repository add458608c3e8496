"""Making the segments that players wait for: one child keeps the source open and serves wishes until they end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cutroom.core.errors import CutroomError
from cutroom.media.ladder.segment import SegmentEncoder
from cutroom.media.ladder.track import segment_name
from cutroom.media.ladder.whole import read_outline
from cutroom.proxies import wanted

Report = Callable[[dict[str, Any]], None]

LONGEST_SECONDS = 120.0
"""Of one turn while wishes keep coming, so that others who wait for a slot get one."""
_LOOK_SECONDS = 0.01
_HOPELESS = ("media.not-found", "media.changed", "media.unreadable", "storage.")


def fill_segments(
    *,
    report: Report,
    source: str,
    segments_dir: str,
    outline: str,
    wanted_dir: str,
    idle_seconds: float,
    longest_seconds: float = LONGEST_SECONDS,
) -> dict[str, Any]:
    """Make one segment after another as `wanted_dir` asks, until nobody has asked for `idle_seconds`.

    A segment in which nothing decodes is refused to those who wait for it. Raises CutroomError when no other one could
    be made either: media.not-found, media.changed, media.unreadable, storage.full, storage.failed.
    """
    folder, known = Path(wanted_dir), read_outline(Path(outline))
    cells = {cell.index for cell in known.cells}
    names = {rung.name for rung in known.rungs}
    made, started, last = 0, time.monotonic(), time.monotonic()
    report({"stage": "on demand", "fraction": 0.0})
    with SegmentEncoder(Path(source), known, Path(segments_dir)) as encoder:
        while time.monotonic() - last < idle_seconds and time.monotonic() - started < longest_seconds:
            wish = wanted.next_wish(folder)
            if wish is None:
                time.sleep(_LOOK_SECONDS)
                continue
            if wish.cell in cells and wish.rung in names and not _stands(Path(segments_dir), wish):
                made += _make(encoder, folder, wish)
            wanted.settle(folder, wish)
            last = time.monotonic()
    return {"segments": made}


def _stands(segments: Path, wish: wanted.Wish) -> bool:
    return (segments / wish.rung / segment_name(wish.cell)).exists()


def _make(encoder: SegmentEncoder, folder: Path, wish: wanted.Wish) -> int:
    try:
        encoder.encode([wish.cell], [wish.rung])
    except CutroomError as error:
        if error.code.startswith(_HOPELESS):
            raise
        wanted.refuse(folder, wish, error)
        return 0
    return 1
