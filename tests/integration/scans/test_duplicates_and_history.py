"""`cutroom inspect --duplicates` and `--history`, and `cutroom db`."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def cutroom(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "CUTROOM_DATA": str(tmp_path / "data")}

    def run(*arguments):
        command = [sys.executable, "-m", "cutroom", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_duplicates_are_exact_and_count_hard_links_once(cutroom, tmp_path):
    folder = tmp_path / "footage"
    folder.mkdir()
    for name, content in {
        "a": b"x" * 5000,
        "b": b"x" * 5000,
        "c": b"y" * 5000,
        "d": b"z" * 7,
        "e": b"",
        "f": b"",
    }.items():
        (folder / f"{name}.mp4").write_bytes(content)
    os.link(folder / "a.mp4", folder / "linked.mp4")
    odd = os.fsencode(folder) + b"/bad\xff.mp4"
    with open(odd, "wb") as file:  # noqa: PTH123 - pathlib has no bytes
        file.write(b"x" * 5000)
    done = cutroom("inspect", folder, "--duplicates", "--format", "json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["hashed"], found["wasted_bytes"], found["problems"]) == (0, 5, 10_000, [])
    assert [Path(path).name for path in found["groups"][0]["paths"]] == ["a.mp4", "b.mp4", "bad\\xff.mp4", "linked.mp4"]
    assert len(list(folder.iterdir())) == 8
    assert "10.0" not in cutroom("inspect", folder, "--duplicates").stdout
    assert cutroom("inspect", folder, "--duplicates", "--format", "html").returncode == 2


def test_history_statistics_tidying_and_backup(cutroom, tmp_path):
    film = tmp_path / "film.mp4"
    assert cutroom("db", "backup").returncode == 2
    for text in ("no film", "no film either"):
        film.write_text(text)
        assert cutroom("inspect", film).returncode == 1
    past = json.loads(cutroom("inspect", film, "--history", "--format", "json").stdout)["history"]
    assert [one["report"]["status"] for one in past] == ["not-video", "not-video"]
    assert "not-video" in cutroom("inspect", film, "--history").stdout
    numbers = json.loads(cutroom("db", "stats", "--format", "json").stdout)
    assert (numbers["files"], numbers["results"], numbers["statuses"]) == (1, 2, {"not-video": 1})
    assert [scan["state"] for scan in numbers["scans"]] == ["done", "done"]
    assert "1 not-video" in cutroom("db", "stats").stdout
    copy = Path(cutroom("db", "backup").stdout.strip())
    assert cutroom("db", "tidy", "--keep", 1).stdout.startswith("1 results")
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*) FROM scan_results").fetchone()[0] == 2
