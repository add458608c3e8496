"""The player: it plays, and the picture on screen is always the frame that it names."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from screen import frame_in_pixels, frame_on_screen, go_to, open_player, wait_for_frame

from tests.conftest import WHOLE

RATES = ["24000/1001", "25", "30000/1001", "50", "60000/1001"]
SEEKS = int(os.environ.get("CUTROOM_E2E_SEEKS", "16"))


@pytest.mark.parametrize("rate", RATES if WHOLE else ["24000/1001"])
def test_every_seek_shows_the_frame_it_names(page: Any, api: Any, numbered: Callable[..., Path], rate: str) -> None:
    video = api.until_playable(api.add(numbered(rate)))
    frames = open_player(page, video["id"])
    assert frames == video["timing"]["frames"]
    assert frame_in_pixels(page) == 0
    fps = round(eval_rate(rate))
    around_a_segment = [2 * fps - 1, 2 * fps, 2 * fps + 1]
    chosen = [frames - 1, 1, *around_a_segment, *random.Random(rate).choices(range(frames), k=SEEKS)]
    seen = []
    for frame in chosen:
        go_to(page, frame)
        seen.append(frame_in_pixels(page))
    assert seen == chosen
    assert frame_on_screen(page) == chosen[-1]


@pytest.mark.parametrize("rate", RATES[1:3])
def test_keys_step_by_frame_and_by_second(page: Any, api: Any, numbered: Callable[..., Path], rate: str) -> None:
    video = api.until_playable(api.add(numbered(rate)))
    open_player(page, video["id"])
    second = round(eval_rate(rate))
    at = 0
    for key, by in [("ArrowRight", 1), (".", 1), ("Shift+ArrowRight", second), ("ArrowLeft", -1), (",", -1)]:
        page.keyboard.press(key)
        at += by
        wait_for_frame(page, at)
        assert frame_in_pixels(page) == at
    page.keyboard.press("Alt+ArrowRight")
    page.wait_for_function(f"() => Number(document.querySelector('[data-testid=readout]').dataset.frame) > {at}")
    page.keyboard.press("End")
    wait_for_frame(page, video["timing"]["frames"] - 1)
    page.keyboard.press("Home")
    wait_for_frame(page, 0)


def test_playing_moves_on_and_stops_on_a_true_frame(page: Any, api: Any, numbered: Callable[..., Path]) -> None:
    video = api.until_playable(api.add(numbered("25")))
    open_player(page, video["id"])
    page.keyboard.press("Space")
    page.wait_for_function("() => Number(document.querySelector('[data-testid=readout]').dataset.frame) > 10")
    page.keyboard.press("k")
    page.wait_for_timeout(300)
    shown = int(page.get_by_test_id("readout").get_attribute("data-frame"))
    assert shown > 10
    assert frame_in_pixels(page) == shown
    page.keyboard.press("l")
    page.keyboard.press("l")
    page.get_by_test_id("speed").get_by_text("2×").wait_for()
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.wait_for_function(f"() => Number(document.querySelector('[data-testid=readout]').dataset.frame) < {shown}")


def test_uneven_frames_are_found_too(page: Any, api: Any, numbered: Callable[..., Path]) -> None:
    video = api.until_playable(api.add(numbered("30", seconds=6, variable=True)))
    assert video["timing"]["variable"] is True
    frames = open_player(page, video["id"])
    chosen = [frames - 1, 1, *random.Random(7).choices(range(frames), k=SEEKS)]
    seen = []
    for frame in chosen:
        go_to(page, frame)
        seen.append(frame_in_pixels(page))
    assert seen == chosen


def test_the_timeline_is_a_slider_that_speaks(page: Any, api: Any, numbered: Callable[..., Path]) -> None:
    video = api.until_playable(api.add(numbered("25")))
    open_player(page, video["id"])
    go_to(page, 26)
    slider = page.get_by_role("slider", name="Position")
    assert slider.get_attribute("aria-valuenow") == "26"
    assert "frame 26" in slider.get_attribute("aria-valuetext")
    box = page.get_by_test_id("timeline").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    page.wait_for_function("() => document.querySelector('[data-testid=readout]').dataset.frame !== '26'")
    shown = int(page.get_by_test_id("readout").get_attribute("data-frame"))
    assert abs(shown - video["timing"]["frames"] / 2) <= 2
    assert frame_in_pixels(page) == shown


def eval_rate(rate: str) -> float:
    num, _, den = rate.partition("/")
    return int(num) / int(den or 1)
