"""Damaged, truncated, vanishing and changing sources, full disks, and passes that were killed half-way."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.ladder import publish
from cutroom.media.sample import make_footage
from tests.integration.ladder_reading import make_ladder
from tests.integration.test_ladder_parts import head


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "in.mp4"
    make_footage(path, seconds=9, rate=25, width=320, height=240, kind="barcode", bframes=2, gop=25, audio="beep")
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_passes_over_one_folder_keep_the_first_segments(tmp_path: Path, footage: Path) -> None:
    out = tmp_path / "out"
    made = make_ladder(footage, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.m4s")}
    again = make_ladder(footage, out)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.m4s")} == before
    assert again.result == made.result
    assert [number for number, _ in again.frames(240)] == list(range(225))


def test_two_machines_write_the_same(tmp_path: Path, footage: Path) -> None:
    """All but the coded bits, of which x264 may spend a byte more or less."""
    one, other = make_ladder(footage, tmp_path / "one"), make_ladder(footage, tmp_path / "other")
    mine, theirs = files(one.folder), files(other.folder)
    assert mine.keys() == theirs.keys()
    same = {name for name in mine if not name.startswith("240/0") and name != "master.m3u8"}
    assert {name: mine[name] for name in same} == {name: theirs[name] for name in same}
    for uri in one.uris("240.m3u8")[1:]:
        assert head(one.folder / uri) == head(other.folder / uri)
    assert one.frames(240) == other.frames(240)


def test_playlists_can_live_elsewhere(tmp_path: Path, footage: Path) -> None:
    from cutroom.proxies.work import build_ladder

    events: list[dict[str, Any]] = []
    result = build_ladder(
        report=events.append,
        source=str(footage),
        segments_dir=str(tmp_path / "prefix"),
        playlist_dir=str(tmp_path / "prefix" / "attempt-3"),
    )
    text = (tmp_path / "prefix" / "attempt-3" / "240.m3u8").read_text()
    assert "../240/00000.m4s" in text
    assert 'URI="../240/init.mp4"' in text
    assert result.bytes == sum(path.stat().st_size for path in (tmp_path / "prefix").rglob("*.m[4p][s4]"))


def test_playable_comes_before_the_end_with_all_that_it_names(tmp_path: Path, footage: Path) -> None:
    seen: list[str] = []

    def report(event: dict[str, Any]) -> None:
        if event.get("event") == "playable":
            seen.append((tmp_path / "out" / "master.m3u8").read_text())
            for name in ("240", "120", "audio-0"):
                text = (tmp_path / "out" / f"{name}.m3u8").read_text()
                assert "EVENT" in text or "VOD" in text
                for uri in text.splitlines():
                    assert uri.startswith("#") or (tmp_path / "out" / uri).exists()

    from cutroom.proxies.work import build_ladder

    out = str(tmp_path / "out")
    result = build_ladder(report=report, source=str(footage), segments_dir=out, playlist_dir=out, heights=[240, 120])
    assert len(seen) == 1
    assert result.frames == 225
    assert "#EXT-X-ENDLIST" in (tmp_path / "out" / "240.m3u8").read_text()
    assert "AVERAGE-BANDWIDTH" in (tmp_path / "out" / "master.m3u8").read_text()


def test_bandwidth_is_honest(tmp_path: Path, footage: Path) -> None:
    made = make_ladder(footage, tmp_path / "out")
    (rung,) = made.result.rungs
    sizes = [(made.folder / uri).stat().st_size for uri in made.uris("240.m3u8")[1:]]
    seconds = made.seconds("240.m3u8")
    for first in range(len(sizes)):
        for last in range(first + 1, len(sizes) + 1):
            if 2 <= sum(seconds[first:last]) <= 6:
                assert 8 * sum(sizes[first:last]) / sum(seconds[first:last]) <= rung.bandwidth + 1
    promised = next(event for event in made.events if event.get("event") == "playable")["rungs"][0]
    assert rung.bandwidth <= promised["bandwidth"]


def test_damaged_packets_are_passed_over_and_counted(tmp_path: Path, footage: Path) -> None:
    data = bytearray(footage.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = os.urandom(3000)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    made = make_ladder(broken, tmp_path / "out")
    assert made.result.damaged_packets > 0
    assert made.result.frames > 180
    assert len(made.frames(240)) == made.result.frames
    (note,) = made.result.notes
    found = re.match(r"Damage was passed over at 0:00:0(\d\.\d)", note)
    assert found
    assert 3 < float(found[1]) < 6


def test_a_hole_without_sound_and_picture_is_told(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    make_footage(source, seconds=8, rate=25, width=160, height=120, kind="barcode", audio="beep", gop=25)
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    source.write_bytes(data)
    made = make_ladder(source, tmp_path / "out")
    (note,) = made.result.notes
    assert re.match(r"Damage was passed over at 0:00:0[345]", note)
    assert float(Fraction(made.result.duration)) == pytest.approx(8, abs=0.1)


def test_an_unknown_coding_leaves_the_sound_and_says_so(tmp_path: Path, footage: Path) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(footage.read_bytes().replace(b"avc1", b"qqq1"))
    made = make_ladder(source, tmp_path / "out")
    assert made.result.rungs == []
    assert made.result.notes == ["The picture is in a coding that is not known here; the proxy holds the sound alone."]


def test_a_truncated_transport_stream_gives_what_it_has(tmp_path: Path) -> None:
    source = tmp_path / "in.ts"
    make_footage(source, seconds=6, rate=25, width=160, height=120, kind="barcode", audio="beep")
    os.truncate(source, source.stat().st_size // 2)
    made = make_ladder(source, tmp_path / "out")
    numbers = [number for number, _ in made.frames(120)]
    assert 25 < len(numbers) < 150
    assert numbers[:-3] == list(range(len(numbers) - 3))


def test_nothing_that_decodes_is_damaged(tmp_path: Path, footage: Path) -> None:
    data = bytearray(footage.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov", start) - 4
    data[start:end] = os.urandom(end - start)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    out = tmp_path / "out"
    with pytest.raises(CutroomError) as error:
        make_ladder(broken, out)
    assert error.value.code == "media.damaged"
    assert not (out / "master.m3u8").exists()


def test_a_source_that_grows_is_reported(tmp_path: Path, footage: Path) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(footage.read_bytes())

    def grow(event: dict[str, Any]) -> None:
        if event.get("event") == "playable":
            with source.open("ab") as file:
                file.write(b"more")

    with pytest.raises(CutroomError) as error:
        _build(source, tmp_path / "out", grow)
    assert error.value.code == "media.changed"


def test_a_source_that_vanishes_is_reported(tmp_path: Path, footage: Path) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(footage.read_bytes())

    def remove(event: dict[str, Any]) -> None:
        if event.get("event") == "playable":
            source.unlink()

    with pytest.raises(CutroomError) as error:
        _build(source, tmp_path / "out", remove)
    assert error.value.code == "media.not-found"


@pytest.mark.parametrize("nameless", [True, False])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, footage: Path, monkeypatch: pytest.MonkeyPatch, nameless: bool
) -> None:
    out = tmp_path / "out"
    real, left = os.write, 60_000

    def write(descriptor: int, data: Any) -> int:
        nonlocal left
        if str(out) not in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            return real(descriptor, data)
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(descriptor, memoryview(data)[:left])
        left -= written
        return written

    monkeypatch.setattr(os, "write", write)
    if not nameless:
        monkeypatch.setattr(publish, "_nameless", lambda folder: None)
    with pytest.raises(CutroomError) as error:
        _build(footage, out, lambda event: None)
    assert (error.value.code, error.value.kind) == ("storage.full", ErrorKind.NO_SPACE)
    monkeypatch.undo()
    kept = {name: data for name, data in files(out).items() if name.endswith((".m4s", ".mp4"))}
    assert kept
    for name, data in kept.items():
        at = 0
        while at < len(data):
            at += int.from_bytes(data[at : at + 4], "big")
        assert at == len(data), f"{name} ends within a box"
    assert not [path for path in out.rglob("*") if path.name.endswith(".part")]


@pytest.mark.fault
def test_a_killed_pass_is_finished_by_the_next(tmp_path: Path, footage: Path) -> None:
    out = tmp_path / "out"
    code = (
        "import sys; from cutroom.proxies.work import build_ladder;"
        "build_ladder(report=lambda event: print(event.get('event'), flush=True),"
        "source=sys.argv[1], segments_dir=sys.argv[2], playlist_dir=sys.argv[2])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(footage), str(out)], stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout
        for line in child.stdout:
            if line.strip() == "playable":
                time.sleep(0.05)
                child.send_signal(signal.SIGKILL)
                break
    kept = {name: data for name, data in files(out).items() if name.endswith(".m4s")}
    assert kept
    made = make_ladder(footage, out)
    after = files(out)
    assert all(after[name] == data for name, data in kept.items())
    assert [number for number, _ in made.frames(240)] == list(range(225))
    assert not [name for name in after if name.endswith(".part")]


def _build(source: Path, out: Path, report: Any) -> None:
    from cutroom.media.ladder.run import Request, encode_ladder

    encode_ladder(Request(source=source, segments=out, playlists=out, segment_seconds=Fraction(4)), report)
