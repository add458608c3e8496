"""Subtitles that are pictures: named as left out of a ladder, carried by a cut where its container takes them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from cutroom.clips.work import cut_clip
from cutroom.media.sample import make_footage
from tests.integration.ladder_reading import make_ladder
from tests.integration.picture_subtitles import write_pgs
from tests.integration.test_ladder_subtitles import ffmpeg

_CLEARING = 80  # bytes
SHOWN = [(1.0, 2.0), (3.0, 5.0), (7.0, 8.0)]


def footage(folder: Path, suffix: str) -> Path:
    plain, path = folder / f"plain.{suffix}", folder / f"in.{suffix}"
    make_footage(plain, seconds=9, rate=25, width=160, height=120, kind="barcode", audio="beep", gop=25)
    write_pgs(folder / "in.sup", SHOWN, width=160, height=120)
    kind = "dvbsub" if suffix == "ts" else "copy"
    named = ["-metadata:s:s:0", "language=deu", str(path)]
    ffmpeg("-i", str(plain), "-i", str(folder / "in.sup"), "-map", "0", "-map", "1", "-c", "copy", "-c:s", kind, *named)
    return path


def appearances(path: Path) -> list[float]:
    """When pictures appear, in seconds since the first frame of the video. What clears the screen is a few bytes."""
    with av.open(str(path)) as container:
        stream, video = container.streams.subtitles[0], container.streams.video[0]
        zero = (video.start_time or 0) * (video.time_base or Fraction(1))
        found = [packet for packet in container.demux(stream) if packet.size > _CLEARING and packet.pts is not None]
        return [float(packet.pts * packet.time_base - zero) for packet in found]


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_a_ladder_says_that_they_are_left_out(tmp_path: Path, suffix: str) -> None:
    made = make_ladder(footage(tmp_path, suffix), tmp_path / "out", heights=(120,))
    assert "Left out, for not being text: 1 subtitle track." in made.result.notes
    assert made.result.subtitles == []
    assert [number for number, _ in made.frames(120)] == list(range(225))


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
@pytest.mark.parametrize("mode", ["smart", "exact"])
def test_a_cut_carries_them(tmp_path: Path, suffix: str, mode: str) -> None:
    source, output = footage(tmp_path, suffix), tmp_path / f"cut.{suffix}"
    assert appearances(source)[0] == pytest.approx(SHOWN[0][0], abs=0.05)
    answer = cut_clip(
        report=lambda _: None, source=str(source), output=str(output), in_frame=10, out_frame=140, mode=mode
    )
    assert (answer.frames, answer.mode_used) == (130, mode)
    assert appearances(output)[0] == pytest.approx(SHOWN[0][0] - 10 / 25, abs=0.05)
    with av.open(str(output)) as container:
        assert container.streams.subtitles[0].language == "deu"


def test_an_mp4_says_that_it_takes_none(tmp_path: Path) -> None:
    answer = cut_clip(
        report=lambda _: None, source=str(footage(tmp_path, "mkv")), output=str(tmp_path / "cut.mp4"), in_frame=60,
        out_frame=190,
    )  # fmt: skip
    assert answer.frames == 130
    assert any("subtitle" in line for line in answer.dropped), answer.dropped
