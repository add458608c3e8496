"""The watch page's Download menu and its facts: what a person takes home, and what they learn."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from screen import open_player


def test_everything_is_there_to_take_home(page: Any, api: Any, numbered: Callable[..., Path], tmp_path: Path) -> None:
    source = numbered("25")
    video = api.until_playable(api.add(source))
    frames = open_player(page, video["id"])
    page.get_by_test_id("downloads").click()
    menu = page.get_by_test_id("download-list")
    menu.get_by_role("link", name="240p").wait_for()
    if shots := os.environ.get("CUTROOM_E2E_SHOTS"):
        page.screenshot(path=f"{shots}/downloads.png")
    with page.expect_download() as coming:
        menu.get_by_role("link", name="240p").click()
    assert coming.value.suggested_filename == f"{source.stem} 240p.mp4"
    coming.value.save_as(tmp_path / "rung.mp4")
    with av.open(str(tmp_path / "rung.mp4")) as container:
        assert container.streams.video[0].frames == frames
        assert len(container.streams.audio) == 1
    with page.expect_download() as coming:
        menu.get_by_role("link", name="Track 1: WAV").click()
    coming.value.save_as(tmp_path / "sound.wav")
    with av.open(str(tmp_path / "sound.wav")) as container:
        assert abs((container.duration or 0) / 1e6 - frames / 25) < 0.05
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")


def test_frames_are_counted_when_somebody_asks(page: Any, api: Any, numbered: Callable[..., Path]) -> None:
    video = api.until_playable(api.add(numbered("25")))
    open_player(page, video["id"])
    page.get_by_role("tab", name="Details").click()
    details, button = page.get_by_test_id("details"), page.get_by_test_id("count-frames")
    counted = details.get_by_text("all closed")
    button.or_(counted).first.wait_for()
    if not counted.is_visible():  # the check in the background counts too, and may be quicker than a hand
        with contextlib.suppress(PlaywrightTimeout):
            button.click(timeout=3000)
    counted.wait_for()
    assert "275, counted" in details.inner_text()
    if shots := os.environ.get("CUTROOM_E2E_SHOTS"):
        page.screenshot(path=f"{shots}/details.png")
    page.reload()
    page.get_by_role("tab", name="Details").click()
    page.get_by_test_id("details").get_by_text("all closed").wait_for()
