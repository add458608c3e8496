"""The work on parts of a ladder: outline, runs of segments, sound, putting together; runs in bounded children."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from cutroom.core.errors import CutroomError
from cutroom.media.ladder.assemble import assemble
from cutroom.media.ladder.layout import OUTLINE
from cutroom.media.ladder.outline import outline_source
from cutroom.media.ladder.plan import BALANCED
from cutroom.media.ladder.result import LadderResult
from cutroom.media.ladder.segment import SegmentEncoder
from cutroom.media.ladder.sound_pass import encode_sound
from cutroom.media.ladder.track import segment_name
from cutroom.media.ladder.whole import publish_whole, read_outline
from cutroom.proxies.work import build_ladder

Report = Callable[[dict[str, Any]], None]

_CELLS_AT_ONCE = 8  # of a range, between two looks at which segments others have made meanwhile


def outline_ladder(
    *,
    report: Report,
    source: str,
    segments_dir: str,
    playlist_dir: str,
    heights: list[int] | str = "auto",
    quality: str = BALANCED,
    segment_seconds: float | str = 4,
) -> dict[str, Any] | None:
    """Say what the ladder will be: init segments, all playlists as VOD, and `outline.json` in `playlist_dir`.

    None for a source whose segments cannot be made one by one. Raises CutroomError as `outline_source` does.
    """
    report({"fraction": 0.0, "stage": "outline"})
    found = outline_source(
        Path(source),
        heights=heights if isinstance(heights, str) else tuple(heights),
        quality=quality,
        segment_seconds=Fraction(str(segment_seconds)),
    )
    if found is None:
        return None
    outline, listing = found
    rungs = publish_whole(outline, listing, segments=Path(segments_dir), playlists=Path(playlist_dir))
    return {"rungs": rungs, "timing": outline.timing, "cells": [cell.index for cell in outline.cells]}


def encode_range(
    *, report: Report, source: str, segments_dir: str, outline: str, first: int, last: int, threads: int = 0
) -> dict[str, Any]:
    """Make the segments of the cells `first` to `last` of every rung, but those that stand.

    `outline` is the path of an `outline.json`. Returns how many frames were coded. Raises CutroomError as
    `SegmentEncoder` does.
    """
    known, folder = read_outline(Path(outline)), Path(segments_dir)
    names = [rung.name for rung in known.rungs]
    cells = [cell.index for cell in known.cells if first <= cell.index <= last]
    frames = done = 0
    with SegmentEncoder(Path(source), known, folder, threads=threads) as encoder:
        for run in _runs(cells):
            missing = [cell for cell in run if not all(_stands(folder, name, cell) for name in names)]
            for wanted in _runs(missing):
                frames += sum(encoder.encode(wanted, names).frames.values())
            done += len(run)
            report({"stage": "encoding", "fraction": done / len(cells)})
    return {"frames": frames}


def encode_sounds(*, report: Report, source: str, segments_dir: str, playlist_dir: str, outline: str) -> dict[str, Any]:
    """Make all sound and subtitles of the ladder. Raises CutroomError as `encode_sound` does."""
    damaged = encode_sound(
        Path(source),
        read_outline(Path(outline)),
        segments=Path(segments_dir),
        playlists=Path(playlist_dir),
        report=report,
    )
    return {"damaged_packets": damaged}


def assemble_ladder(
    *, report: Report, segments_dir: str, playlist_dir: str, outline: str, damaged_packets: int = 0
) -> LadderResult:
    """Put the playlists over segments that all stand. Raises `ladder.incomplete` when they do not."""
    report({"stage": "playlists", "fraction": 0.99})
    return assemble(
        read_outline(Path(outline)),
        segments=Path(segments_dir),
        playlists=Path(playlist_dir),
        damaged_packets=damaged_packets,
    )


def finish_ladder(
    *,
    report: Report,
    source: str,
    segments_dir: str,
    playlist_dir: str,
    outline: str | None = None,
    damaged_packets: int = 0,
    **pass_: Any,
) -> LadderResult:
    """Put a ladder together whose parts stand, or encode it in one pass where they do not.

    `outline` is the path of an `outline.json`; None, or one that is not there, for a source that has no parts. The
    other arguments are `build_ladder`'s. Raises CutroomError as that and `assemble_ladder` do.
    """
    places: dict[str, Any] = {"segments_dir": segments_dir, "playlist_dir": playlist_dir}
    if outline is not None and Path(outline).exists():
        try:
            return assemble_ladder(report=report, outline=outline, damaged_packets=damaged_packets, **places)
        except CutroomError as error:
            if error.code != "ladder.incomplete":
                raise
            # Where nothing decodes no segment stands; a pass knows how to go on around that.
    return build_ladder(report=report, source=source, **places, **pass_)


def outline_path(playlist_dir: Path) -> Path:
    """Where `outline_ladder` puts the outline."""
    return playlist_dir / OUTLINE


def _runs(cells: list[int]) -> list[list[int]]:
    """Runs of neighbours, short enough to look again at what stands."""
    runs: list[list[int]] = []
    for cell in cells:
        if runs and cell == runs[-1][-1] + 1 and len(runs[-1]) < _CELLS_AT_ONCE:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return runs


def _stands(folder: Path, rung: str, cell: int) -> bool:
    return (folder / rung / segment_name(cell)).exists()
