"""`cutroom inspect` stopped, killed, locked out or short of space goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.media.sample import make_footage
from tests.conftest import WHOLE

MANY, SOME = (10_000, 300) if WHOLE else (2_000, 100)

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    path = tmp_path_factory.mktemp("footage") / "one.mp4"
    make_footage(path, seconds=1, rate=Fraction(25), width=160, height=96)
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path, footage):
    target = tmp_path / "footage"
    target.mkdir()
    for number in range(40):
        (target / f"{number:03}.mp4").write_bytes(footage)
    return target


@pytest.fixture
def environment(tmp_path):
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "CUTROOM_DATA": str(tmp_path / "data")}


def command(*arguments):
    return [sys.executable, "-m", "cutroom", "inspect", *map(str, arguments)]


def run(environment, *arguments):
    return subprocess.run(
        command(*arguments, "--format", "jsonl"), env=environment, capture_output=True, text=True, timeout=120
    )


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def more(folder, number):
    """Make it so many files, so that a run takes a while."""
    for index in range(40, number):
        os.link(folder / "000.mp4", folder / f"{index:03}.mp4")
    return folder


def counted(environment):
    with closing(sqlite3.connect(Path(environment["CUTROOM_DATA"]) / "cutroom.db")) as database:
        return database.execute("SELECT count(*) FROM scan_results").fetchone()[0]


def test_unchanged_files_are_not_read_again_and_changed_ones_are(folder, environment):
    first = run(environment, folder)
    assert (first.returncode, first.stderr) == (0, "")
    assert {row["kept"] for row in rows(first)} == {False}
    cut = folder / "007.mp4"
    cut.write_bytes(cut.read_bytes()[:3000])
    second = run(environment, folder)
    assert second.returncode == 1
    assert [row["path"] for row in rows(second) if not row["kept"]] == [str(cut)]
    assert len(rows(second)) == 40
    assert counted(environment) == 41
    third = run(environment, folder)
    assert third.returncode == 1, "a kept verdict counts"
    assert all(row["kept"] for row in rows(third))
    assert not any(row["kept"] for row in rows(run(environment, folder, "--rescan")))


def test_nothing_is_kept_without_the_database(folder, environment):
    assert run(environment, folder, "--no-database").returncode == 0
    assert not Path(environment["CUTROOM_DATA"]).exists()


@pytest.mark.parametrize(("signal_", "mode"), [(signal.SIGKILL, "full"), (signal.SIGINT, "deep")])
def test_a_stopped_run_goes_on_where_it_was(folder, environment, signal_, mode):
    arguments = (more(folder, SOME), "--mode", mode, "--rescan", "--jobs", 1)
    running = subprocess.Popen(
        command(*arguments, "--format", "jsonl"),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore SIGINT, and a child would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    said = [running.stdout.readline() for _ in range(3)]
    time.sleep(1.2)  # longer than a batch waits
    running.send_signal(signal_)
    said += running.communicate(timeout=30)[0].splitlines()
    assert running.returncode == (130 if signal_ == signal.SIGINT else -signal_)
    kept = counted(environment)
    assert kept >= 3
    if signal_ == signal.SIGINT:
        assert kept >= len(said) - 1, "what was finished is kept when there is time to"
    again = rows(run(environment, *arguments))
    assert (len(again), sum(row["kept"] for row in again)) == (SOME, kept)
    fresh = rows(run(environment, *arguments))
    assert not any(row["kept"] for row in fresh), "a scan that came to its end is over"


def test_no_resume_begins_anew(folder, environment):
    more(folder, SOME)
    arguments = (folder, "--jobs", 1, "--mode", "deep")
    running = subprocess.Popen(command(*arguments, "--format", "jsonl"), env=environment, stdout=-1, text=True)
    running.stdout.readline()
    time.sleep(1.2)
    running.kill()
    running.communicate()
    assert not any(row["kept"] for row in rows(run(environment, *arguments, "--no-resume")))


def test_a_locked_database_is_one_sentence_and_a_resumable_run(folder, environment):
    run(environment, folder / "000.mp4")
    with closing(sqlite3.connect(Path(environment["CUTROOM_DATA"]) / "cutroom.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        done = run({**environment, "CUTROOM_DATABASE_BUSY_SECONDS": "0.2"}, folder)
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"]) == (1, "db.busy")
    assert run(environment, folder).returncode == 0


def test_a_full_disk_is_one_sentence_and_a_resumable_run(folder, environment, tmp_path):
    run(environment, folder / "000.mp4")
    full = tmp_path / "full.py"
    full.write_text(
        "from cutroom.inspection import scans\n"
        "from cutroom.core.errors import CutroomError, ErrorKind\n"
        "async def keep(*_):\n"
        "    raise CutroomError('db.disk-full', 'The disk is full.', kind=ErrorKind.NO_SPACE)\n"
        "scans.ScanService.keep = keep\n"
        "from cutroom.cli.main import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, full, "inspect", folder, "--format", "jsonl"], env=environment, capture_output=True, text=True
    )
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"]) == (1, "db.disk-full")
    assert "again" in error["hint"]
    assert run(environment, folder).returncode == 0


async def test_unchanged_files_of_a_large_folder_are_not_read(tmp_path, footage, environment):
    target = tmp_path / "many"
    target.mkdir()
    (target / "00000.mp4").write_bytes(footage)
    for number in range(1, MANY):
        os.link(target / "00000.mp4", target / f"{number:05}.mp4")
    assert run(environment, target / "00000.mp4").returncode == 0
    with closing(sqlite3.connect(Path(environment["CUTROOM_DATA"]) / "cutroom.db")) as database, database:
        names = [row[1] for row in database.execute("PRAGMA table_info(scan_results)")][3:]
        old = f"SELECT scan_id, CAST(? AS BLOB), {', '.join(names)} FROM scan_results WHERE id = 1"
        paths = [(os.fsencode(path),) for path in target.iterdir() if path.name != "00000.mp4"]
        database.executemany(f"INSERT INTO scan_results (scan_id, path, {', '.join(names)}) {old}", paths)
    done = run(environment, target)
    assert [row["kept"] for row in rows(done)] == [True] * MANY
