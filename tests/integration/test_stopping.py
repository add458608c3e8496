"""Work on media stops within a second of being told to, and a crash is the error of that work alone."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from cutroom.core.errors import CutroomError
from cutroom.media.audio_plan import plan_audio
from cutroom.media.pool import DecodePool
from cutroom.media.probe import probe
from cutroom.media.sample import make_footage

PATIENCE = 20.0


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "film.mp4"
    make_footage(path, seconds=60, rate=Fraction(25), width=426, height=240, kind="barcode", audio="tone", crf=40)
    return path


def work(kind: str, footage: Path, folder: Path) -> tuple[str, dict[str, Any]]:
    source = str(footage)
    if kind == "ladder":
        arguments = {"source": source, "segments_dir": str(folder / "out"), "playlist_dir": str(folder / "out")}
        return "cutroom.proxies.work:build_ladder", arguments
    if kind == "clip":
        cut = {"start": "1", "end": "59", "mode": "exact", "output": str(folder / "clip.mp4"), "source": source}
        return "cutroom.clips.work:cut_between", {**cut, "padding": "0", "timecode": "file"}
    if kind == "preview":
        return "cutroom.proxies.previews:build_peaks", {"source": source, "output_dir": str(folder / "out")}
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    plan = msgspec.to_builtins(plan_audio(probe(footage), 0, "wav"))
    return "cutroom.proxies.downloading:stream_audio", {"source": source, "plan": plan, "output": str(pipe)}


def children() -> set[int]:
    """All that this process has started; servers of other tests are among them."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.mark.parametrize("kind", ["ladder", "clip", "preview", "audio"])
async def test_it_stops_within_a_second(tmp_path: Path, footage: Path, kind: str) -> None:
    target, arguments = work(kind, footage, tmp_path)
    begun, others = asyncio.Event(), children()
    async with DecodePool(1) as pool:
        running = asyncio.create_task(pool.run(target, arguments, on_progress=lambda _: begun.set()))
        if kind == "audio":  # it has begun when it waits for somebody to take what it makes
            reading = await asyncio.to_thread(os.open, arguments["output"], os.O_RDONLY)
            await asyncio.sleep(0.3)
        else:
            reading = None
            await asyncio.wait_for(begun.wait(), PATIENCE)
        working = children() - others
        running.cancel()
        asked = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await running
        while any(psutil.pid_exists(pid) for pid in working) and time.monotonic() - asked < 5:
            await asyncio.sleep(0.01)
        assert time.monotonic() - asked < 1
        if reading is not None:
            os.close(reading)


async def test_progress_comes_at_most_ten_times_a_second(tmp_path: Path, footage: Path) -> None:
    target, arguments = work("ladder", footage, tmp_path)
    heard: list[dict[str, Any]] = []
    began = time.monotonic()
    async with DecodePool(1) as pool:
        await pool.run(target, arguments, on_progress=heard.append)
    plain = [one for one in heard if "event" not in one]
    assert 1 <= len(plain) <= 10 * (time.monotonic() - began) + 2


async def test_a_crash_is_the_error_of_one(tmp_path: Path, footage: Path) -> None:
    others = children()
    async with DecodePool(2) as pool:
        begun = [asyncio.Event(), asyncio.Event()]
        runs = []
        for number in range(2):
            folder = tmp_path / str(number)
            folder.mkdir()
            target, arguments = work("ladder", footage, folder)
            told = begun[number].set
            runs.append(asyncio.create_task(pool.run(target, arguments, on_progress=lambda _, told=told: told())))
            await asyncio.wait_for(begun[number].wait(), PATIENCE)
            if number == 0:
                (victim,) = children() - others
        os.kill(victim, signal.SIGSEGV)
        with pytest.raises(CutroomError) as caught:
            await runs[0]
        assert (caught.value.code, "SIGSEGV" in caught.value.message) == ("process.crashed", True)
        assert (await runs[1])["frames"] == 1500
        again = await pool.run("cutroom.proxies.downloading:count_pictures", {"path": str(footage)})
        assert again["frames"] == 1500


async def test_a_deadline_ends_it(tmp_path: Path, footage: Path) -> None:
    target, arguments = work("clip", footage, tmp_path)
    async with DecodePool(1) as pool:
        began = time.monotonic()
        with pytest.raises(CutroomError) as caught:
            await pool.run(target, arguments, deadline_seconds=0.5)
        assert caught.value.code == "process.timed-out"
        assert time.monotonic() - began < 2.5
