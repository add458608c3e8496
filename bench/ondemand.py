"""How long a player waits: for one segment at a random place of a long file, and for the beginning of a new one."""

from __future__ import annotations

import random
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench.harness import Claim, decoding, ffmpeg, run, waits
from cutroom.media.ladder.outline import outline_source
from cutroom.media.ladder.segment import SegmentEncoder
from cutroom.media.ladder.whole import publish_whole

HEIGHT = 540
MINUTES = 5
SEGMENTS = 20  # a round


def ondemand_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Segments of 540 lines out of `source` repeated for five minutes, and the first ones of every rung of it."""
    recording = scratch / "long.mp4"
    run([ffmpeg(), "-v", "error", "-y", "-stream_loop", MINUTES - 1, "-i", source, "-c", "copy", recording])
    took: list[float] = []
    begins, floors = [], []
    for number in range(rounds):
        took += _waits(recording, scratch / "alone", number, say)
        begins.append(_first(recording, scratch / "first", say))
        floors.append(decoding(source))
    recording.unlink()
    p95, begin = statistics.quantiles(took, n=20)[-1], "outline, then 2 s of each rung"
    note = f"p50 {statistics.median(took):.2f} s; {len(took)} random places of {MINUTES} min of 1080p"
    return [
        *waits("on-demand 4 s segment p95", took, floors, p95, 1.5, note),
        *waits("first playable, full ladder", begins, floors, statistics.median(begins), 1.3, begin),
    ]


def _waits(recording: Path, folder: Path, seed: int, say: Callable[[str], None]) -> list[float]:
    shutil.rmtree(folder, ignore_errors=True)
    found = outline_source(recording, heights=(HEIGHT,))
    assert found is not None
    cells = [cell.index for cell in found[0].cells[2:-1]]
    took = []
    with SegmentEncoder(recording, found[0], folder) as encoder:
        for cell in random.Random(seed).sample(cells, SEGMENTS):
            started = time.monotonic()
            encoder.encode([cell], [str(HEIGHT)])
            took.append(time.monotonic() - started)
    say(f"{SEGMENTS} segments: {statistics.median(took):.2f} s each, at most {max(took):.2f} s")
    return took


def _first(recording: Path, folder: Path, say: Callable[[str], None]) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    found = outline_source(recording)
    assert found is not None
    outline, listing = found
    publish_whole(outline, listing, segments=folder, playlists=folder)
    with SegmentEncoder(recording, outline, folder) as encoder:
        encoder.encode([outline.cells[0].index], [rung.name for rung in outline.rungs])
    say(f"first playable: {time.monotonic() - started:.2f} s")
    return time.monotonic() - started
