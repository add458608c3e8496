"""`cutroom add` as somebody runs it: its own supervisor, sentences on standard error, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.bootstrap.datadir import DataDirectory
from cutroom.media.sample import make_footage

ROOT = Path(__file__).parents[2]


def add(data: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cutroom", "add", *map(str, arguments), "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "CUTROOM_MEDIA_LADDER": "240"},
    )


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    path = tmp_path / "footage" / "talk.mp4"
    path.parent.mkdir()
    make_footage(path, seconds=1, rate=Fraction(25), width=160, height=90, kind="barcode")
    return path


def test_good_footage_is_seen_through_and_known_the_second_time(tmp_path: Path, footage: Path) -> None:
    first = add(tmp_path / "data", footage.parent)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "Added 1 file: 1 healthy.\n")
    objects = [path.name for path in (tmp_path / "data/objects").rglob("*") if path.is_file()]
    assert {"master.m3u8", "90.m3u8", "thumb-160.jpg", "sprite-0.webp"} <= set(objects), objects
    second = add(tmp_path / "data", footage.parent)
    assert (second.returncode, second.stderr) == (0, "Added 0 files. 1 in the library already.\n")


def test_a_sentence_for_each_bad_path_and_exit_1(tmp_path: Path, footage: Path) -> None:
    (footage.parent / "text.mp4").write_text("no video\n" * 20)
    os.mkfifo(footage.parent / "pipe.mp4")
    answer = add(tmp_path / "data", footage.parent, tmp_path / "missing.mp4")
    assert answer.returncode == 1
    lines = answer.stderr.splitlines()
    assert [line.rpartition("[")[2] for line in lines[:-1]] == ["media.not-a-file]", "media.not-found]", "not-video]"]
    assert lines[-1] == "Added 2 files: 1 healthy, 1 not-video."
    assert "Traceback" not in answer.stderr


def test_a_server_that_runs_does_the_work(tmp_path: Path, footage: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    data.create()
    # Nothing is worked off while only the lock is held, so only what needs no verdict can end.
    with data.locked(url="http://127.0.0.1:8400"):
        answer = add(data.root, tmp_path / "missing.mp4")
    assert answer.returncode == 1
    assert not (data.scratch / "worker.log").exists()


def test_wrong_usage_is_exit_2(tmp_path: Path) -> None:
    assert add(tmp_path / "data").returncode == 2
