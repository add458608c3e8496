"""Frame f of a source is frame f of every rung, at the time it had: nothing lost, doubled or moved."""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from cutroom.media import boxes
from cutroom.media.sample import make_footage
from tests.conftest import WHOLE
from tests.integration.ladder_reading import Made, make_ladder, number_in

RATES = {"23.976": "24000/1001", "25": "25", "29.97": "30000/1001", "50": "50", "59.94": "60000/1001"}
TRIED = list(RATES) if WHOLE else ["25", "29.97", "59.94"]


def shown(path: Path) -> list[tuple[int, Fraction]]:
    """Bar code and time of every frame that the source shows."""
    with av.open(str(path)) as container:
        return [(number_in(frame), frame.pts * frame.time_base) for frame in container.decode(video=0)]


def check_exact(made: Made, source: list[tuple[int, Fraction]], heights: tuple[int, ...]) -> None:
    zero = source[0][1]
    assert tuple(rung.height for rung in made.result.rungs) == heights
    assert made.result.frames == len(source)
    for height in heights:
        frames = made.frames(height)
        assert [number for number, _ in frames] == [number for number, _ in source]
        assert [time for _, time in frames] == [time - zero for _, time in source]
        check_boxes(made, f"{height}.m3u8")


def check_boxes(made: Made, playlist: str) -> None:
    """No edit list, no composition offsets, first sample at zero, segments that meet and start with a sync sample."""
    init, *segments = made.uris(playlist)
    assert boxes.edits((made.folder / init).read_bytes()) == []
    samples = made.times(playlist)
    assert samples[0][0] == 0
    assert all(time + duration == after for (time, duration), (after, _) in pairwise(samples))
    assert len(segments) == len(made.seconds(playlist))
    total = Fraction(samples[-1][0] + samples[-1][1], made.timescale(playlist))
    assert sum(made.seconds(playlist)) == pytest.approx(float(total), abs=1e-3)


@pytest.mark.parametrize("rate", [RATES[name] for name in TRIED], ids=TRIED)
def test_constant_rates_keep_every_frame(tmp_path: Path, rate: str) -> None:
    source = tmp_path / "in.mp4"
    make_footage(
        source, seconds=3, rate=Fraction(rate), width=320, height=240, kind="barcode", bframes=2, gop=33, audio="beep"
    )
    made = make_ladder(source, tmp_path / "out", heights=(240, 120))
    check_exact(made, shown(source), (240, 120))
    timing = made.result.timing
    assert timing is not None
    assert Fraction(timing.rate) == Fraction(rate)
    assert not timing.variable
    assert timing.pts is None


SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "variable rate": (".mp4", {"variable": True, "bframes": 2}),
    "variable rate in matroska": (".mkv", {"variable": True}),
    "open groups of pictures": (".mp4", {"open_gop": True, "bframes": 3, "gop": 12}),
    "transport stream": (".ts", {"bframes": 2}),
    "matroska, rounded times": (".mkv", {"bframes": 2}),
    "a source that starts late": (".ts", {"start": Fraction(3), "bframes": 2}),
    "mp4 that starts late": (".mp4", {"start": Fraction(1), "bframes": 2}),
    "vp9": (".webm", {}),
}


@pytest.mark.parametrize("name", SOURCES)
def test_kinds_of_sources_keep_every_frame(tmp_path: Path, name: str) -> None:
    suffix, options = SOURCES[name]
    source = tmp_path / f"in{suffix}"
    make_footage(source, seconds=3, rate=30, width=320, height=240, kind="barcode", audio="beep", **options)
    made = make_ladder(source, tmp_path / "out", heights=(240, 120))
    check_exact(made, shown(source), (240, 120))


def test_variable_rate_lists_its_times(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=3, rate=30, width=160, height=120, kind="barcode", variable=True, audio=None)
    made = make_ladder(source, tmp_path / "out")
    timing = made.result.timing
    assert timing is not None
    assert timing.variable
    assert timing.pts == "timing.json"
    import msgspec

    listed = msgspec.json.decode((tmp_path / "out" / "timing.json").read_bytes())
    zero = shown(source)[0][1]
    assert [tick * Fraction(listed["time_base"]) for tick in listed["pts"]] == [t - zero for _, t in shown(source)]


def test_segments_begin_on_the_grid_at_an_idr(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    rate = Fraction(30000, 1001)
    make_footage(source, seconds=13, rate=rate, width=160, height=120, kind="barcode", audio="beep")
    made = make_ladder(source, tmp_path / "out")
    starts = []
    for uri in made.uris("120.m3u8")[1:]:
        data = (made.folder / uri).read_bytes()
        (traf,) = boxes.find(data, b"moof", b"traf")
        starts.append(Fraction(boxes.decode_time(data, traf) or 0, made.timescale("120.m3u8")))
        (run,) = boxes.track_runs(data, traf)
        assert run.flags[0] == 0x02000000
        assert set(run.flags[1:]) == {0x01010000}
        (mdat,) = (item for item in boxes.boxes(data) if item.kind == b"mdat")
        units = list(units_of(data[mdat.payload : mdat.payload + run.sizes[0]]))
        assert 5 in units
        assert sum(run.sizes) == mdat.end - mdat.payload
        assert run.data_offset == mdat.payload - next(b.start for b in boxes.boxes(data) if b.kind == b"moof")
    frame = 1 / rate
    for start, boundary in zip(starts, (0, 2, 4, 8, 12), strict=True):
        assert boundary <= start < boundary + frame
    assert [uri[-9:] for uri in made.uris("120.m3u8")[1:]] == [f"{index:05d}.m4s" for index in range(5)]


def units_of(data: bytes) -> list[int]:
    """NAL unit types of a length-prefixed access unit."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4] & 31)
        at += 4 + size
    return found


def test_rotation_is_applied(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=1, rate=25, width=320, height=180, kind="barcode", rotation=90, audio=None)
    made = make_ladder(source, tmp_path / "out", heights="auto")
    (rung,) = made.result.rungs
    assert (rung.width, rung.height) == (136, 240) or (rung.width, rung.height) == (134, 240)
    assert [number for number, _ in made.frames(240)] == list(range(25))


@pytest.mark.skipif(
    "CUTROOM_TEST_MEDIA" not in os.environ, reason="no real footage; run: CUTROOM_TEST_MEDIA=FOLDER make test"
)
def test_real_footage_keeps_every_frame(tmp_path: Path) -> None:
    for source in sorted(Path(os.environ["CUTROOM_TEST_MEDIA"]).glob("*.mp4")):
        made = make_ladder(source, tmp_path / source.stem, heights=(120,))
        with av.open(str(source)) as container:
            times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
        assert made.result.frames == len(times)
        timescale = made.timescale("120.m3u8")
        assert [Fraction(t, timescale) for t, _ in made.times("120.m3u8")] == [t - times[0] for t in times]
