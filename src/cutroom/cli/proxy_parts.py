"""`cutroom proxy --jobs N`: the ladder in runs of segments, N processes at a time, put together at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cutroom.media.pool import DecodePool
from cutroom.proxies import parts
from cutroom.proxies.tasks_spread import ranges

_RUNS_A_JOB = 4  # so that a run that takes longer does not leave the others idle for long

Progress = Callable[[dict[str, Any]], None]


async def build_in_parts(arguments: dict[str, Any], jobs: int, on_progress: Progress) -> Any:
    """Encode as `build_ladder` does, in `jobs` processes; in one where the source cannot be entered in its middle."""
    source, segments, playlists = arguments["source"], arguments["segments_dir"], arguments["playlist_dir"]
    places = {"source": source, "segments_dir": segments}
    async with DecodePool(jobs) as pool:
        planned = {name: arguments[name] for name in ("heights", "quality", "segment_seconds")}
        # Until the segments stand, playlists that list them all are kept out of the way.
        aside = str(Path(playlists) / ".parts")
        found = await pool.run("cutroom.proxies.parts:outline_ladder", {**places, "playlist_dir": aside, **planned})
        if found is None:
            return await pool.run("cutroom.proxies.work:build_ladder", arguments, on_progress=on_progress)
        outline = {"outline": str(parts.outline_path(Path(aside)))}
        sound = asyncio.create_task(
            pool.run("cutroom.proxies.parts:encode_sounds", {**places, "playlist_dir": aside, **outline})
        )
        runs = ranges(found["cells"], jobs * _RUNS_A_JOB)
        threads = max(1, (os.cpu_count() or 1) // jobs)
        damaged = 0
        try:
            await _encode(
                pool, [{**places, **outline, "first": a, "last": b, "threads": threads} for a, b in runs], on_progress
            )
            damaged = (await sound)["damaged_packets"]
        finally:
            sound.cancel()
        whole = {"segments_dir": segments, "playlist_dir": playlists, **outline, "damaged_packets": damaged}
        result = await pool.run("cutroom.proxies.parts:assemble_ladder", whole)
        shutil.rmtree(aside, ignore_errors=True)
        return result


async def _encode(pool: DecodePool, runs: list[dict[str, Any]], on_progress: Progress) -> None:
    done = [0.0] * len(runs)

    def progress(index: int, event: dict[str, Any]) -> None:
        done[index] = float(event.get("fraction", 0.0))
        on_progress({"stage": "encoding", "fraction": 0.99 * sum(done) / len(done)})

    async for outcome in pool.map("cutroom.proxies.parts:encode_range", runs, on_progress=progress):
        if outcome.error is not None:
            raise outcome.error
        progress(outcome.index, {"fraction": 1.0})
