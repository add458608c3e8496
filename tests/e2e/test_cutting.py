"""I, O, E: the file that comes down holds exactly the marked frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from screen import go_to, open_player

from cutroom.media.sample import read_barcode
from tests.conftest import WHOLE


def frames_of(path: Path) -> list[int]:
    """The number on every frame of a video file, in order of display."""
    with av.open(str(path)) as container:
        return [read_barcode(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


RATES = [("25", 1, 1), ("30000/1001", 59, 130), ("24000/1001", 31, 95), ("50", 137, 320), ("60000/1001", 241, 400)]


@pytest.mark.parametrize(("rate", "first", "last"), RATES if WHOLE else RATES[:2])
def test_the_marked_frames_are_the_clip(
    page: Any, api: Any, numbered: Callable[..., Path], tmp_path: Path, rate: str, first: int, last: int
) -> None:
    video = api.until_playable(api.add(numbered(rate)))
    open_player(page, video["id"])
    go_to(page, first)
    page.keyboard.press("i")
    go_to(page, last)
    page.keyboard.press("o")
    assert page.get_by_test_id("marked-frames").get_attribute("data-frames") == str(last - first + 1)
    page.keyboard.press("e")
    newest = page.get_by_test_id("clip").first
    newest.wait_for()
    page.locator("[data-testid=clip][data-state=ready]").first.wait_for(timeout=60_000)
    with page.expect_download() as download:
        newest.get_by_test_id("download-clip").click()
    path = tmp_path / "clip.mp4"
    download.value.save_as(path)
    assert frames_of(path) == list(range(first, last + 1))


def test_marks_can_be_typed_and_cleared(page: Any, api: Any, numbered: Callable[..., Path]) -> None:
    video = api.until_playable(api.add(numbered("25")))
    open_player(page, video["id"])
    page.get_by_test_id("mark-in").fill("1.2")
    page.get_by_test_id("mark-in").press("Enter")
    page.get_by_test_id("mark-out").fill("00:00:02:09")
    page.get_by_test_id("mark-out").press("Enter")
    page.locator('[data-testid=marked-frames][data-frames="30"]').wait_for()
    page.get_by_test_id("mark-out").fill("nonsense")
    page.get_by_test_id("mark-out").press("Enter")
    assert page.get_by_test_id("mark-out").get_attribute("aria-invalid") == "true"
    page.get_by_test_id("mark-out").press("Escape")
    page.get_by_test_id("readout").click()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.locator('[data-testid=marked-frames][data-frames="0"]').wait_for()
