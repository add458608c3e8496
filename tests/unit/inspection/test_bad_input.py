"""Files that are no videos, cannot be read, or change meanwhile: a verdict each, never an exception or a hang."""

from __future__ import annotations

import os
from base64 import b64encode

import pytest

from cutroom.core.errors import CutroomError
from cutroom.inspection import work
from cutroom.inspection.vocabulary import Status
from cutroom.inspection.work import inspect_video


def verdict_of(path, mode="standard"):
    return inspect_video(report=lambda progress: None, path=str(path), mode=mode).verdict


@pytest.mark.parametrize("mode", ["quick", "standard", "deep"])
def test_text_named_like_a_video_is_not_video(tmp_path, mode):
    path = tmp_path / "notes.mp4"
    path.write_text("Milk, bread, a new hard disk.\n" * 50)
    verdict = verdict_of(path, mode)
    assert verdict.status is Status.NOT_VIDEO
    assert verdict.findings[0].code == "file.not-video"


def test_an_empty_file_is_corrupt(tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()
    assert verdict_of(path).findings[0].code == "file.empty"
    assert verdict_of(path).status is Status.CORRUPT


def test_a_file_of_zeros_is_corrupt(tmp_path):
    path = tmp_path / "lost.mkv"
    path.write_bytes(bytes(100_000))
    assert verdict_of(path).findings[0].code == "file.only-zeros"


def test_a_fifo_does_not_hang(tmp_path):
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    verdict = verdict_of(path)
    assert (verdict.status, verdict.findings[0].code) == (Status.UNREADABLE, "file.not-a-file")


def test_a_missing_file_and_a_folder_are_unreadable(tmp_path):
    assert verdict_of(tmp_path / "gone.mp4").findings[0].code == "file.not-found"
    assert verdict_of(tmp_path).findings[0].code == "file.not-a-file"


def test_a_file_without_read_permission_is_unreadable(tmp_path, healthy, monkeypatch):
    # Root may read everything, so the refusal is simulated where the file is opened.
    def refuse(path, *arguments):
        raise PermissionError(13, "Permission denied", str(path))

    path = healthy("x264-mp4")
    monkeypatch.setattr("cutroom.media.source.os.open", refuse)
    verdict = verdict_of(path)
    assert (verdict.status, verdict.findings[0].code) == (Status.UNREADABLE, "file.no-permission")


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "ffconcat version 1.0\nfile '/etc/passwd'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    ],
)
@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.mkv"])
def test_playlists_open_no_other_file(tmp_path, text, name):
    path = tmp_path / name
    path.write_text(text)
    assert verdict_of(path).status is Status.NOT_VIDEO


@pytest.mark.parametrize(
    "name", ["with \"quotes\" and 'more'.mp4", "line\nbreak.mp4", "🎬 emoji.mp4", "concat:a|b.mp4", "-v.mp4"]
)
def test_odd_names_are_read_as_they_are(tmp_path, healthy, name):
    path = tmp_path / name
    path.write_bytes(healthy("x264-silent").read_bytes())
    assert verdict_of(path).status is Status.HEALTHY


def test_a_name_that_is_not_utf8_is_carried_as_bytes(tmp_path, healthy):
    raw = os.fsencode(tmp_path) + b"/bad\xff\xfe.mp4"
    with open(raw, "wb") as file:  # noqa: PTH123 - pathlib has no bytes
        file.write(healthy("x264-silent").read_bytes())
    verdict = inspect_video(
        report=lambda progress: None, path="shown only", mode="quick", path_base64=b64encode(raw).decode()
    ).verdict
    assert verdict.status is Status.HEALTHY


def test_a_file_that_grows_while_it_is_read_is_unreadable(tmp_path, healthy):
    path = tmp_path / "growing.mp4"
    path.write_bytes(healthy("x264-mp4").read_bytes())

    def grow(progress):
        if progress["stage"] == "reading":
            with path.open("ab") as file:
                file.write(b"more")

    verdict = inspect_video(report=grow, path=str(path), mode="standard").verdict
    assert (verdict.status, verdict.findings[0].code) == (Status.UNREADABLE, "file.changed")


def test_a_file_that_shrinks_between_the_steps_is_unreadable(tmp_path, healthy, monkeypatch):
    path = tmp_path / "shrinking.mp4"
    path.write_bytes(healthy("x264-mp4").read_bytes())
    whole = work.probe

    def shrink(target):
        found = whole(target)
        os.truncate(target, 5000)
        return found

    monkeypatch.setattr(work, "probe", shrink)
    assert verdict_of(path).findings[0].code == "file.changed"


def test_an_unknown_mode_is_an_error_of_the_caller(tmp_path):
    with pytest.raises((ValueError, CutroomError)):
        verdict_of(tmp_path / "x.mp4", "half")
