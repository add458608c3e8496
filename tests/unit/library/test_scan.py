"""What a scan finds, what it passes over, and what it says about the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cutroom.library.models import FoundFile, Skipped
from cutroom.library.scan import scan

EXTENSIONS = frozenset({"mp4", "mov"})


def found(*paths: str | bytes | Path) -> list[str]:
    return [os.fsdecode(one.location) for one in scan(paths, EXTENSIONS) if isinstance(one, FoundFile)]


def skipped(*paths: str | bytes | Path) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in scan(paths, EXTENSIONS) if isinstance(one, Skipped)]


def make(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_folders_in_the_order_of_names_with_footage_only(tmp_path: Path) -> None:
    wanted = [make(tmp_path / name) for name in ("a/1.mp4", "a/2.MOV", "b.mp4", "c/d/e.mp4")]
    make(tmp_path / "notes.txt")
    make(tmp_path / ".hidden.mp4")
    make(tmp_path / ".trash/x.mp4")
    make(tmp_path / "mp4")
    assert found(tmp_path) == [str(path) for path in wanted]
    assert skipped(tmp_path) == []


def test_a_file_that_is_named_counts_whatever_its_ending(tmp_path: Path) -> None:
    path = make(tmp_path / ".odd.bin", b"content")
    [one] = scan([path], EXTENSIONS)
    assert isinstance(one, FoundFile)
    assert (one.size_bytes, one.mtime_ns, one.name) == (7, path.stat().st_mtime_ns, ".odd.bin")


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "a.mp4")
    monkeypatch.chdir(tmp_path)
    assert found("a.mp4", "./sub/../a.mp4") == [str(tmp_path / "a.mp4")] * 2


def test_loops_of_links_end_and_linked_files_count(tmp_path: Path) -> None:
    make(tmp_path / "a/x.mp4")
    (tmp_path / "a/loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "a")
    (tmp_path / "z.mp4").symlink_to(tmp_path / "a/x.mp4")
    (tmp_path / "circle.mp4").symlink_to(tmp_path / "circle.mp4")
    assert found(tmp_path) == [str(tmp_path / "a/x.mp4"), str(tmp_path / "z.mp4")]
    [(code, _)] = skipped(tmp_path)
    assert code == "media.unreadable"


def test_what_is_no_file_is_named_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    make(tmp_path / "good.mp4")
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path, "/dev/null") == [str(tmp_path / "good.mp4")]
    assert skipped(tmp_path, "/dev/null", tmp_path / "missing.mp4") == [
        ("media.not-found", f"There is no file {str(tmp_path / 'gone.mp4')!r}."),
        ("media.not-a-file", f"{str(tmp_path / 'pipe.mp4')!r} is a named pipe, not a file."),
        ("media.not-a-file", "'/dev/null' is a device, not a file."),
        ("media.not-found", f"There is no file {str(tmp_path / 'missing.mp4')!r}."),
    ]


def test_a_folder_without_rights_does_not_end_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "a/locked/x.mp4")
    make(tmp_path / "b.mp4")
    listed = os.scandir

    def refuse(path: bytes) -> Iterator[os.DirEntry[bytes]]:
        if path.endswith(b"locked"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    # Whoever runs the tests as root may read everything, so the refusal is played.
    monkeypatch.setattr(os, "scandir", refuse)
    assert found(tmp_path) == [str(tmp_path / "b.mp4")]
    assert [code for code, _ in skipped(tmp_path)] == ["media.no-permission"]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = b"\xff'\"\n.mp4"
    (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    [one] = scan([tmp_path], EXTENSIONS)
    assert isinstance(one, FoundFile)
    assert one.location == os.fsencode(tmp_path) + b"/" + name
    assert one.name == "\N{REPLACEMENT CHARACTER}'\"\n.mp4"
