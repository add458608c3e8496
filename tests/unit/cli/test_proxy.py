"""The proxy command's own decisions: what a ladder is, and whose folder it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from cutroom.cli.proxy import claim_folder, parse_ladder, proxy
from cutroom.core.errors import CutroomError


def test_ladders() -> None:
    assert parse_ladder("auto") == "auto"
    assert parse_ladder("full") == "full"
    assert parse_ladder("720, 480p") == [720, 480]


@pytest.mark.parametrize("text", ["", "tall", "720;480", "0", "-5", "99999", "³²"])
def test_no_ladders(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_ladder(text)


def test_a_folder_belongs_to_one_ladder(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(b"x")
    out = tmp_path / "out"
    claim_folder(source, out, ladder="auto", segment_seconds=4)
    claim_folder(source, out, ladder="auto", segment_seconds=4)
    with pytest.raises(CutroomError) as error:
        claim_folder(source, out, ladder="full", segment_seconds=4)
    assert error.value.code == "proxy.folder-taken"
    with source.open("ab") as file:
        file.write(b"more")
    with pytest.raises(CutroomError):
        claim_folder(source, out, ladder="auto", segment_seconds=4)


def test_a_folder_with_foreign_playlists_is_left_alone(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(b"x")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "live.m3u8").write_text("#EXTM3U\n")
    with pytest.raises(CutroomError):
        claim_folder(source, tmp_path / "out", ladder="auto", segment_seconds=4)


def test_what_is_no_video_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    (tmp_path / "there").mkdir()
    for name in ("new", "there"):
        with pytest.raises(CutroomError):
            proxy(tmp_path / "text.mp4", tmp_path / name, segment_seconds=4, ladder="auto", jobs=0)
    assert not (tmp_path / "new").exists()
    assert list((tmp_path / "there").iterdir()) == []
