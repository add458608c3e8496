"""`cutroom inspect` as a command: formats, exit codes, and a batch that goes on whatever single files do."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DATA: list[Path] = []


def cutroom(*arguments: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200", "CUTROOM_DATA": str(DATA[0])}
    command = [sys.executable, "-m", "cutroom", "inspect", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout, check=False)


@pytest.fixture(autouse=True)
def own_data(tmp_path_factory):
    DATA[:] = [tmp_path_factory.mktemp("data")]


@pytest.fixture
def mixed(tmp_path, healthy):
    folder = tmp_path / "mixed"
    (folder / "inner").mkdir(parents=True)
    (folder / "good 'one'\n🎬.mp4").write_bytes(healthy("x264-mp4").read_bytes())
    (folder / "inner" / "good.mkv").write_bytes(healthy("x264-mkv").read_bytes())
    (folder / "cut.mp4").write_bytes(healthy("x264-mp4").read_bytes()[:20_000])
    (folder / "text.mp4").write_text("no video\n")
    (folder / "empty.mov").touch()
    (folder / "readme.txt").write_text("left alone\n")
    os.mkfifo(folder / "pipe.mp4")
    return folder


def test_healthy_files_exit_0(healthy):
    done = cutroom(healthy("x264-mp4"), healthy("x264-mkv"), "--no-database")
    assert done.returncode == 0, done.stderr
    assert "2 healthy" in done.stdout
    assert done.stderr == ""


def test_json_lines_name_every_file_once(mixed):
    done = cutroom(mixed, "--format", "jsonl", "--jobs", 2)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = {Path(row["path"]).name: row["status"] for row in rows}
    assert done.returncode == 1
    assert found == {
        "good 'one'\n🎬.mp4": "healthy",
        "good.mkv": "healthy",
        "cut.mp4": "corrupt",
        "text.mp4": "not-video",
        "empty.mov": "corrupt",
        "pipe.mp4": "unreadable",
    }
    needed = {"path", "status", "mode", "confidence", "duration_seconds", "seconds_spent", "findings"}
    assert all(needed <= row.keys() and Path(row["path"]).is_absolute() for row in rows)
    finding = next(row for row in rows if row["status"] == "not-video")["findings"][0]
    places = {"stream", "start_seconds", "end_seconds", "byte_offset", "message"}
    assert {"code", "severity", "confidence"} | places <= finding.keys()


def test_json_csv_and_table_agree(mixed, tmp_path):
    document = json.loads(cutroom(mixed, "--format", "json", "--no-recursive").stdout)
    assert document["summary"]["files"] == len(document["files"]) == 5
    target = tmp_path / "report.csv"
    assert cutroom(mixed, "--format", "csv", "-o", target, "--no-recursive").returncode == 1
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["path"] for row in rows} == {row["path"] for row in document["files"]}
    assert sorted(tmp_path.iterdir()) == [tmp_path / "mixed", target]
    table = cutroom(mixed, "--no-recursive").stdout
    assert "corrupt" in table
    assert "text.mp4" in table


def test_ext_narrows_what_is_looked_at(mixed):
    done = cutroom(mixed, "--ext", "mkv", "--format", "jsonl", "--mode", "quick")
    assert [Path(json.loads(line)["path"]).name for line in done.stdout.splitlines()] == ["good.mkv"]
    assert done.returncode == 0


def test_wrong_usage_exits_2_and_is_json_where_asked(healthy):
    assert cutroom().returncode == 2
    assert cutroom(healthy("x264-mp4"), "--mode", "half").returncode == 2
    done = cutroom(healthy("x264-mp4"), "--ext", " ", "--format", "json")
    assert done.returncode == 2
    assert json.loads(done.stderr)["error"]["code"] == "inspect.no-extensions"


def test_every_option_is_in_the_help():
    text = cutroom("--help").stdout
    assert "Example" in text
    for option in ("--rescan", "--no-resume", "--no-database", "--data", "full", "html"):
        assert option in text


def test_a_deadline_that_is_too_short_is_timed_out_not_corrupt(healthy, tmp_path):
    # A child needs longer than this to start, so the deadline always comes first.
    done = cutroom(healthy("x264-mp4"), "--max-seconds-per-file", "0.1", "--format", "jsonl", "--mode", "deep")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["status"] for row in rows] in (["timed-out"], ["healthy"])


def test_a_folder_that_cannot_be_listed_is_a_row(healthy, tmp_path, monkeypatch):
    from cutroom.inspection.files import candidates

    (tmp_path / "a").mkdir()
    (tmp_path / "b.mp4").write_bytes(b"x")
    listing = os.scandir

    def refuse(path):
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr("cutroom.inspection.files.os.scandir", refuse)
    found = list(candidates([tmp_path], recursive=True))
    assert [(entry.path.name, entry.problem is None) for entry in found] == [("b.mp4", True), ("a", False)]


async def test_timeouts_and_crashes_are_rows_and_the_rest_goes_on(healthy, tmp_path):
    import msgspec

    from cutroom.core.errors import CutroomError
    from cutroom.inspection.batch import inspect_files
    from cutroom.inspection.files import candidates
    from cutroom.inspection.vocabulary import Mode, Status
    from cutroom.inspection.work import inspect_videos
    from cutroom.media.pool import Outcome

    for name in ("crash", "fine", "memory", "slow"):
        (tmp_path / f"{name}.mp4").write_bytes(healthy("x264-silent").read_bytes())

    class Pool:
        """Answers as the pool of children does."""

        async def map(self, target, arguments, *, deadline_seconds):
            codes = {"crash": "process.crashed", "slow": "process.timed-out", "memory": "process.out-of-memory"}
            index = 0
            async for item in arguments:
                assert deadline_seconds(item) == 2.5
                asked.append(len(item["files"]))
                code = next(filter(None, (codes.get(Path(one["path"]).stem) for one in item["files"])), None)
                if code:
                    yield Outcome(index=index, error=CutroomError(code, "It did."))
                else:
                    result = inspect_videos(report=lambda progress: None, **item)
                    yield Outcome(index=index, result=msgspec.to_builtins(result))
                index += 1

    asked: list[int] = []
    files = candidates([tmp_path], recursive=True)
    rows = [row async for row in inspect_files(files, Mode.QUICK, pool=Pool(), max_seconds_per_file=2.5)]
    assert {Path(row.report.path).stem: row.report.status for row in rows} == {
        "crash": Status.CRASHED,
        "memory": Status.CRASHED,
        "slow": Status.TIMED_OUT,
        "fine": Status.HEALTHY,
    }
    assert asked == [4, 1, 1, 1, 1], "together first, and each alone when that failed"
