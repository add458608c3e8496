"""A ladder made in parts is the one made in a pass: same headers, same boxes, same frames, in any order."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from cutroom.core.errors import CutroomError
from cutroom.media import boxes
from cutroom.media.ladder.layout import STILLS
from cutroom.media.ladder.outline import Outline, outline_source
from cutroom.media.ladder.result import LadderResult
from cutroom.media.ladder.segment import SegmentEncoder
from cutroom.media.ladder.whole import publish_inits, read_outline
from cutroom.media.sample import make_footage
from cutroom.proxies import parts
from cutroom.proxies.tasks_spread import ranges
from tests.conftest import WHOLE
from tests.integration.ladder_reading import Made, make_ladder, number_in

RATES = {"23.976": "24000/1001", "25": "25", "29.97": "30000/1001", "50": "50", "59.94": "60000/1001"}
HEIGHTS = (120, 60)
SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (".mp4", {"rate": Fraction(rate), "bframes": 2, "gop": 33}) for name, rate in RATES.items()},
    "variable rate": (".mp4", {"variable": True, "bframes": 2}),
    "variable rate in matroska": (".mkv", {"variable": True}),
    "open groups of pictures": (".mp4", {"open_gop": True, "bframes": 3, "gop": 12}),
    "transport stream": (".ts", {"bframes": 2, "start": Fraction(3)}),
    "matroska, rounded times": (".mkv", {"bframes": 2, "rate": Fraction(30000, 1001)}),
    "mp4 that starts late": (".mp4", {"start": Fraction(1), "bframes": 2}),
    "a picture that refreshes by and by": (".mp4", {"options": {"x264-params": "intra-refresh=1"}, "gop": 40}),
    "vp9, sound to be encoded": (".webm", {}),
}

TELLING = ("29.97", "variable rate", "vp9, sound to be encoded")
"""Each of these takes a way of its own; `make faults` tries them all."""


def footage(folder: Path, suffix: str = ".mp4", **options: Any) -> Path:
    path = folder / f"in{suffix}"
    shape = {"seconds": Fraction(9, 2), "rate": 30, "width": 160, "height": 120, "kind": "barcode", "audio": "beep"}
    make_footage(path, **{**shape, **options})
    return path


def outline_of(source: Path, heights: tuple[int, ...] = HEIGHTS) -> Outline:
    found = outline_source(source, heights=heights)
    assert found is not None
    return found[0]


def quiet(_: dict[str, Any]) -> None:
    return


def head(path: Path) -> tuple[object, ...]:
    """All that the boxes of a segment say, but the sizes of coded frames."""
    data = path.read_bytes()
    (traf,) = boxes.find(data, b"moof", b"traf")
    (run,) = boxes.track_runs(data, traf)
    (number,) = boxes.find(data, b"moof", b"mfhd")
    return boxes.decode_time(data, traf), run.durations, run.flags, run.offsets, data[number.payload : number.end]


def stitched(source: Path, out: Path) -> LadderResult:
    """The ladder by ranges, the last one first."""
    where: dict[str, Any] = {"report": quiet, "segments_dir": str(out)}
    found = parts.outline_ladder(source=str(source), playlist_dir=str(out / "aside"), heights=list(HEIGHTS), **where)
    assert found is not None
    outline = str(out / "aside" / "outline.json")
    for first, last in reversed(ranges(found["cells"], 2)):
        parts.encode_range(source=str(source), outline=outline, first=first, last=last, **where)
    parts.encode_sounds(source=str(source), outline=outline, playlist_dir=str(out / "aside"), **where)
    return parts.assemble_ladder(outline=outline, playlist_dir=str(out), **where)


@pytest.mark.parametrize("name", SOURCES if WHOLE else TELLING)
def test_parts_equal_the_pass(tmp_path: Path, name: str) -> None:
    suffix, options = SOURCES[name]
    source = footage(tmp_path, suffix, **options)
    made = make_ladder(source, tmp_path / "pass", heights=HEIGHTS)
    result = stitched(source, tmp_path / "stitched")
    assert (result.timing, result.frames, result.duration) == (
        made.result.timing, made.result.frames, made.result.duration,
    )  # fmt: skip
    assert (result.audio, result.segments) == (made.result.audio, made.result.segments)
    outline = outline_of(source)
    alone = Made(made.result, tmp_path / "alone", [])
    publish_inits(outline, alone.folder)
    with SegmentEncoder(source, outline, alone.folder) as encoder:
        wanted = [(cell.index, rung.name) for cell in outline.cells for rung in outline.rungs]
        for cell, rung in random.Random(name).sample(wanted, len(wanted)):
            encoder.encode([cell], [rung])
    for playlist in made.folder.glob("*.m3u8"):
        if playlist.name != "master.m3u8":
            assert (tmp_path / "stitched" / playlist.name).read_text() == playlist.read_text()
        if playlist.stem.isdigit():
            (alone.folder / playlist.name).write_text(playlist.read_text())
    for file in sorted((made.folder / "audio").rglob("*.m*")):
        assert (tmp_path / "stitched" / file.relative_to(made.folder)).read_bytes() == file.read_bytes()
    for other in (Made(result, tmp_path / "stitched", []), alone):
        check_like(other, made)


def check_like(other: Made, made: Made) -> None:
    for height in HEIGHTS:
        init, *segments = made.uris(f"{height}.m3u8")
        assert (other.folder / init).read_bytes() == (made.folder / init).read_bytes()
        assert boxes.edits((other.folder / init).read_bytes()) == []
        for uri in segments:
            assert head(other.folder / uri) == head(made.folder / uri), uri
        assert other.frames(height) == made.frames(height)
        assert [number for number, _ in made.frames(height)] == list(range(made.result.frames))


def test_a_whole_playlist_lists_what_the_pass_will_make(tmp_path: Path) -> None:
    source = footage(tmp_path, variable=True, bframes=2)
    out = tmp_path / "out"
    parts.outline_ladder(report=quiet, source=str(source), segments_dir=str(out), playlist_dir=str(out), heights=[120])
    promised = {path.name: path.read_text() for path in out.glob("*.m3u8")}
    before = {path.name: path.read_bytes() for path in [out / "120" / "init.mp4", out / "timing.json"]}
    made = make_ladder(source, tmp_path / "pass", heights=(120,))
    assert promised["120.m3u8"] == (made.folder / "120.m3u8").read_text()
    assert "audio-0.m3u8" in promised["master.m3u8"]
    listed = [line for line in promised["audio-0.m3u8"].splitlines() if not line.startswith("#")]
    assert listed == made.uris("audio-0.m3u8")[1 : len(listed) + 1]
    assert before["init.mp4"] == (made.folder / "120" / "init.mp4").read_bytes()
    assert before["timing.json"] == (made.folder / "timing.json").read_bytes()
    assert read_outline(out / "outline.json") == outline_of(source, (120,))


def test_a_pass_goes_on_around_what_stands(tmp_path: Path) -> None:
    source = footage(tmp_path, seconds=10)
    made = make_ladder(source, tmp_path / "pass", heights=HEIGHTS)
    out, outline = tmp_path / "out", outline_of(source)
    with SegmentEncoder(source, outline, out) as encoder:
        encoder.encode([0], ["60"])
        encoder.encode([1, 2], ["60", "120"])
    stood = {path: path.stat().st_mtime_ns for path in out.rglob("*.m4s")}
    assert len(stood) == 5
    again = make_ladder(source, out, heights=HEIGHTS)
    assert {path: path.stat().st_mtime_ns for path in stood} == stood
    assert again.result.timing == made.result.timing
    check_like(again, made)
    assert again.uris("60.m3u8") == made.uris("60.m3u8")


def damaged(folder: Path) -> Path:
    source = footage(folder, seconds=17, gop=15, audio=None)
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        places = [(p.pts * p.time_base, p.pos, p.size) for p in container.demux(video=0) if p.size]
    for time, at, size in places:
        if Fraction(39, 10) <= time < 9:
            data[at : at + size] = bytes(size)
    source.write_bytes(data)
    return source


def test_a_damaged_middle_is_stood_in_for(tmp_path: Path) -> None:
    source = damaged(tmp_path)
    outline, out = outline_of(source, (120,)), tmp_path / "out"
    made = {}
    with SegmentEncoder(source, outline, out) as encoder:
        for cell in outline.cells:
            made[cell.index] = encoder.encode([cell.index], ["120"]).frames.get(cell.index, 0)
    assert [made[index] for index in (0, 4)] == [60, 120]
    assert made[2] == 0
    assert not (out / "120" / "00002.m4s").exists()
    publish_inits(outline, out)
    still = (out / "120" / "init.mp4").read_bytes() + (out / STILLS / "120" / "00002.m4s").read_bytes()
    with av.open(io.BytesIO(still)) as container:
        (frame,) = container.decode(video=0)
        assert (frame.pts * frame.time_base, number_in(frame) < 120) == (4, True)


def test_a_source_that_goes_or_changes_says_so(tmp_path: Path) -> None:
    source = footage(tmp_path)
    outline = outline_of(source)
    with SegmentEncoder(source, outline, tmp_path / "out") as encoder:
        encoder.encode([0], ["60"])
        source.rename(tmp_path / "elsewhere.mp4")
        with pytest.raises(CutroomError) as caught:
            encoder.encode([1], ["60"])
        assert caught.value.code == "media.not-found"
    footage(tmp_path, seconds=3)
    with pytest.raises(CutroomError) as caught, SegmentEncoder(source, outline, tmp_path / "out"):
        pass
    assert caught.value.code == "media.changed"


def test_a_gap_in_the_parts_is_found(tmp_path: Path) -> None:
    source = footage(tmp_path)
    out = tmp_path / "out"
    stitched(source, out)
    (out / "60" / "00001.m4s").unlink()
    with pytest.raises(CutroomError) as caught:
        parts.assemble_ladder(
            report=quiet, outline=str(out / "aside" / "outline.json"), segments_dir=str(out), playlist_dir=str(out)
        )
    assert caught.value.code == "ladder.incomplete"


def test_sources_that_cannot_be_entered_have_no_outline(tmp_path: Path) -> None:
    avi = tmp_path / "in.avi"
    with av.open(str(avi), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        for number in range(25):
            frame = av.VideoFrame(32, 32, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert outline_source(avi) is None


def real() -> Iterator[Path]:
    yield from sorted(Path(os.environ["CUTROOM_TEST_MEDIA"]).glob("*.mp4"))


@pytest.mark.skipif(
    "CUTROOM_TEST_MEDIA" not in os.environ, reason="no real footage; run: CUTROOM_TEST_MEDIA=FOLDER make test"
)
def test_real_footage_has_the_same_boxes(tmp_path: Path) -> None:
    for source in real():
        made = make_ladder(source, tmp_path / source.stem, heights=(120,))
        outline, out = outline_of(source, (120,)), tmp_path / f"{source.stem}-parts"
        assert outline.timing == made.result.timing
        with SegmentEncoder(source, outline, out) as encoder:
            for cell in outline.cells[::-4]:
                encoder.encode([cell.index], ["120"])
                name = f"120/{cell.index:05d}.m4s"
                assert head(out / name) == head(made.folder / name)
