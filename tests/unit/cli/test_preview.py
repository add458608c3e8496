"""The command as a person runs it: files in the folder, one sentence on failure."""

import subprocess
import sys
from pathlib import Path

from cutroom.media.sample import make_footage


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cutroom", "preview", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_all_kinds_are_made_when_none_is_named(tmp_path: Path) -> None:
    make_footage(tmp_path / "film.mp4", seconds=1, width=400, height=224, kind="barcode")
    done = run(tmp_path / "film.mp4", "-o", tmp_path / "new" / "folder")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert names == {
        *(f"thumb-{width}.{ending}" for width in (320, 400) for ending in ("avif", "webp", "jpg")),
        *("sprite-0.webp", "thumbnails.vtt", "peaks.dat", "peaks-2048.dat", "peaks-16384.dat", "peaks.json"),
    }
    assert done.stdout == ""


def test_one_kind_and_failures(tmp_path: Path) -> None:
    make_footage(tmp_path / "film.mp4", seconds=1, width=160, height=96, kind="barcode", audio=None)
    done = run(tmp_path / "film.mp4", "-o", tmp_path / "out", "--waveform")
    assert (done.returncode, "no sound" in done.stderr) == (0, True)
    (tmp_path / "text.mp4").write_text("hello")
    for source, status in ((tmp_path / "text.mp4", 1), (tmp_path / "none.mp4", 2)):
        done = run(source, "-o", tmp_path / "out")
        assert done.returncode == status
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("cutroom: ")
    done = run(tmp_path / "film.mp4", "-o", tmp_path / "film.mp4", "--sprite")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Example" in run("--help").stdout


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    film = tmp_path / "fil\udce9m.mp4"
    make_footage(tmp_path / "film.mp4", seconds=1, width=160, height=96, kind="barcode", audio=None)
    (tmp_path / "film.mp4").rename(film)
    done = run(film, "-o", tmp_path / "o\udce9", "--thumbnails")
    assert (done.returncode, "160 pixels" in done.stderr) == (0, True), done.stderr
    done = run(tmp_path / "non\udce9", "-o", tmp_path / "out")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
