"""A ladder in another reader's hands: ffmpeg finds every frame of every rung through its own HLS demuxer."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from cutroom.media.sample import make_footage
from tests.integration.ladder_reading import Made, make_ladder
from tests.integration.odd_shapes import SHAPES, make_shape, write_inputs

MEDIA = os.environ.get("CUTROOM_TEST_MEDIA")


def check_read(made: Made) -> None:
    """Every stream of the master, decoded to its end."""
    checksums = made.folder / "read.framecrc"
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "warning",
        "-nostdin",
        "-y",
        "-i",
        str(made.folder / "master.m3u8"),
    ]
    done = subprocess.run(
        [*command, "-map", "0:v", "-map", "0:a?", "-fps_mode", "passthrough", "-f", "framecrc", str(checksums)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stderr == ""
    text = checksums.read_text()
    pictures = len(re.findall(r"^#media_type \d+: video$", text, re.M))
    assert pictures == len(made.result.rungs)
    sounds = len(re.findall(r"^#media_type \d+: audio$", text, re.M))
    assert sounds == len(made.result.audio)
    for stream in range(pictures):
        assert len(re.findall(rf"^{stream},", text, re.M)) == made.result.frames


def test_all_frames_of_all_rungs(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=9, rate=25, width=320, height=240, kind="barcode", audio="beep", bframes=2)
    made = make_ladder(source, tmp_path / "out", heights=(240, 120))
    check_read(made)
    check_master(made)


@pytest.mark.parametrize("name", ["three languages", "variable in MP4", "59.94", "turned 90", "HEVC, 4:2:2, 10 bits"])
def test_odd_shapes_read_as_well(tmp_path: Path, name: str) -> None:
    write_inputs(tmp_path)
    made = make_ladder(make_shape(SHAPES[name], tmp_path, tmp_path), tmp_path / "out")
    check_read(made)
    check_master(made)


def check_master(made: Made) -> None:
    """Attributes that are true: sizes, rates, and a bandwidth that no segment exceeds by itself."""
    text = (made.folder / "master.m3u8").read_text()
    variants = re.findall(r"#EXT-X-STREAM-INF:(.+)\n(.+)", text)
    for rung, (attributes, uri) in zip(made.result.rungs, variants, strict=True):
        assert uri == f"{rung.height}.m3u8"
        assert f"RESOLUTION={rung.width}x{rung.height}," in attributes
        assert "VIDEO-RANGE=SDR" in attributes
        assert re.search(r"CODECS=\"avc1\.[0-9a-f]{6}", attributes)
        bandwidth = int(re.search(r"\bBANDWIDTH=(\d+)", attributes)[1])  # type: ignore[index]
        average = int(re.search(r"AVERAGE-BANDWIDTH=(\d+)", attributes)[1])  # type: ignore[index]
        assert average <= bandwidth
        whole = sum((made.folder / part).stat().st_size for part in made.uris(uri)[1:])
        assert 8 * whole / sum(made.seconds(uri)) <= average + 1


@pytest.mark.skipif(MEDIA is None, reason="CUTROOM_TEST_MEDIA names no folder of real footage")
def test_real_footage(tmp_path: Path) -> None:
    source = min(Path(MEDIA or "").glob("*.mp4"), key=lambda path: path.stat().st_size)
    made = make_ladder(source, tmp_path / "out", heights=(240,))
    check_read(made)
    check_master(made)
