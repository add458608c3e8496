"""Wishes for segments: one for many who ask, the newest first, forgotten when nobody waits."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.proxies import wanted


def made_older(folder: Path, name: str, *, asked: float = 0.0, touched: float = 0.0) -> None:
    now = time.time_ns()
    (folder / name).write_text(str(now - int(asked * 1e9)))
    at = now - int(touched * 1e9)
    os.utime(folder / name, ns=(at, at))


def test_many_who_ask_are_one_wish(tmp_path: Path) -> None:
    folder = tmp_path / "wanted"
    assert wanted.next_wish(folder) is None
    for _ in range(60):
        wanted.ask(folder, "720", 7)
    assert [path.name for path in folder.iterdir()] == ["720-00007"]
    wish = wanted.next_wish(folder)
    assert wish is not None
    assert (wish.rung, wish.cell) == ("720", 7)
    wanted.settle(folder, wish)
    wanted.settle(folder, wish)
    assert wanted.next_wish(folder) is None


def test_the_newest_comes_first_unless_one_has_waited_long(tmp_path: Path) -> None:
    made_older(tmp_path, "720-00001", asked=1)
    made_older(tmp_path, "720-00002", asked=0.5)
    found = wanted.next_wish(tmp_path)
    assert found is not None
    assert found.cell == 2
    made_older(tmp_path, "720-00003", asked=3)
    found = wanted.next_wish(tmp_path)
    assert found is not None
    assert found.cell == 3


def test_what_nobody_waits_for_is_forgotten(tmp_path: Path) -> None:
    made_older(tmp_path, "240-00001", asked=9, touched=8)
    (tmp_path / "stray.txt").write_text("?")
    (tmp_path / "240-00002").write_text("not a time")
    assert wanted.next_wish(tmp_path) is None
    assert not (tmp_path / "240-00001").exists()


def test_a_refusal_is_said_and_later_tried_again(tmp_path: Path) -> None:
    wanted.ask(tmp_path, "240", 4)
    wish = wanted.next_wish(tmp_path)
    assert wish is not None
    wanted.refuse(
        tmp_path, wish, CutroomError("media.damaged", "It is broken.", hint="Copy it.", kind=ErrorKind.FAILED)
    )
    assert wanted.next_wish(tmp_path) is None
    said = wanted.refusal(tmp_path, "240", 4)
    assert said is not None
    assert (said.code, said.message, said.hint, said.kind) == (
        "media.damaged",
        "It is broken.",
        "Copy it.",
        ErrorKind.FAILED,
    )
    assert wanted.refusal(tmp_path, "240", 5) is None
    path = tmp_path / "240-00004.refused"
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert wanted.refusal(tmp_path, "240", 4) is None
