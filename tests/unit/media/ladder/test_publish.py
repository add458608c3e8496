"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cutroom.core.errors import CutroomError
from cutroom.media.ladder import publish


@pytest.mark.parametrize("nameless", [True, False])
def test_the_first_writer_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nameless: bool) -> None:
    if not nameless:
        monkeypatch.setattr(publish, "_nameless", lambda folder: None)
    assert publish.publish_once(tmp_path / "a", b"first") == 5
    assert publish.publish_once(tmp_path / "a", b"second one") == 5
    assert (tmp_path / "a").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_replace_takes_the_place(tmp_path: Path) -> None:
    publish.replace(tmp_path / "a", b"old")
    publish.replace(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "storage.full"), (errno.EROFS, "storage.failed")])
def test_a_disk_that_refuses_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def refuse(descriptor: int, data: object) -> int:
        raise OSError(number, os.strerror(number))

    publish.replace(tmp_path / "list", b"old")
    monkeypatch.setattr(os, "write", refuse)
    for call in (publish.publish_once, publish.replace):
        with pytest.raises(CutroomError) as error:
            call(tmp_path / "list2", b"x")
        assert error.value.code == code
    with pytest.raises(CutroomError):
        publish.replace(tmp_path / "list", b"new")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["list"]
    assert (tmp_path / "list").read_bytes() == b"old"


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CutroomError) as error:
        publish.make_folder(tmp_path / "file" / "below")
    assert error.value.code == "storage.failed"


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    gone = 2**22 + 1  # above the largest process number of Linux
    for name in (f".240.m3u8.{gone}.part", f".240.m3u8.{os.getpid()}.part", ".other.part", "240.m3u8"):
        (tmp_path / name).touch()
    publish.sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f".240.m3u8.{os.getpid()}.part", ".other.part", "240.m3u8"}
