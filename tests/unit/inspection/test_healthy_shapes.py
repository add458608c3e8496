"""No false alarm on any healthy shape, in any mode."""

from __future__ import annotations

import os
import subprocess
from itertools import islice
from pathlib import Path

import pytest

from bench import corpus
from bench.quirks import quirky_files
from cutroom.inspection.vocabulary import Status
from cutroom.inspection.work import inspect_video
from tests.conftest import WHOLE

GOOD = {Status.HEALTHY, Status.NOTE}


def look(path: Path, mode: str):
    return inspect_video(report=lambda progress: None, path=str(path), mode=mode)


@pytest.mark.parametrize("name", [shape.name for shape in corpus.SHAPES])
def test_every_shape_is_healthy_in_every_mode(healthy, name):
    for mode in ("quick", "standard", "hybrid", "deep") if WHOLE else ("standard", "deep"):
        inspection = look(healthy(name), mode)
        assert inspection.verdict.status is Status.HEALTHY, (mode, inspection.verdict.findings)
        assert inspection.verdict.findings == []
        assert inspection.probe is not None
    assert inspection.verdict.duration_seconds == pytest.approx(1.6 if "vfr" not in name else 3.2, abs=0.15)


def test_no_oddity_of_real_files_is_called_damaged(tmp_path):
    paths = list(islice(quirky_files(tmp_path), None if WHOLE else 16))
    assert len(paths) == 16 or len(paths) > 60
    odd = {
        (path.name, mode): verdict.findings
        for path in paths
        for mode in ("standard", "deep")
        if (verdict := look(path, mode).verdict).status not in GOOD
    }
    assert odd == {}


def test_padding_behind_a_film_is_only_a_note(healthy, tmp_path):
    path = tmp_path / "padded.mp4"
    path.write_bytes(healthy("x264-faststart").read_bytes() + bytes(50_000))
    verdict = look(path, "standard").verdict
    assert verdict.status is Status.NOTE
    assert [found.code for found in verdict.findings] == ["mp4.padding"]


def test_recordings_put_end_to_end_are_only_a_note(healthy, tmp_path):
    path = tmp_path / "joined.ts"
    data = healthy("x264-ts").read_bytes()
    # The second recording starts with other counters than the first ended with, in every stream.
    path.write_bytes(data[188 * 7 :] + data)
    verdict = look(path, "standard").verdict
    assert verdict.status in GOOD, verdict.findings


def test_a_transport_stream_that_begins_in_the_middle_is_healthy(healthy, tmp_path):
    path = tmp_path / "middle.ts"
    path.write_bytes(healthy("x264-ts").read_bytes()[188 * 60 :])
    for mode in ("quick", "standard", "deep"):
        assert look(path, mode).verdict.status in GOOD


def test_a_name_for_another_container_is_only_a_note(healthy, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(healthy("x264-mkv").read_bytes())
    verdict = look(path, "standard").verdict
    assert verdict.status is Status.NOTE
    assert verdict.findings[0].code == "file.other-container"


def test_constant_rate_mpeg2_and_open_groups_are_healthy(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    black = ["-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=2"]
    moving = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3"]

    def make(name: str, *arguments: str) -> Path:
        path = tmp_path / name
        subprocess.run([ffmpeg, "-v", "error", "-y", *arguments, str(path)], check=True)
        return path

    rate = ["-b:v", "2M", "-minrate", "2M", "-maxrate", "2M", "-bufsize", "1M"]
    paths = [make("cbr.mpg", *black, "-c:v", "mpeg2video", *rate)]
    open_group = make("open.mp4", *moving, "-c:v", "libx264", "-x264-params", "open-gop=1:keyint=25:bframes=3")
    paths += [open_group, make("cut.mkv", "-ss", "1.5", "-i", str(open_group), "-c", "copy")]
    paths += [make("cut.mp4", "-ss", "1.5", "-i", str(open_group), "-c", "copy")]
    for path in paths:
        for mode in ("quick", "standard", "deep"):
            verdict = look(path, mode).verdict
            assert verdict.status in GOOD, (path.name, mode, verdict.findings)


@pytest.mark.skipif(
    not os.environ.get("CUTROOM_TEST_MEDIA"), reason="no real footage; run: CUTROOM_TEST_MEDIA=FOLDER make test"
)
@pytest.mark.parametrize("mode", ["quick", "standard", "deep"])
def test_real_footage_is_healthy(mode):
    paths = sorted(Path(os.environ["CUTROOM_TEST_MEDIA"]).glob("*.mp4"))
    assert paths
    for path in paths:
        verdict = look(path, mode).verdict
        assert verdict.status in GOOD, (path.name, verdict.findings)
