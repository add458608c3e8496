"""Subtitles in the player: the C key and the button show each track in turn, at its time."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from screen import go_to, open_player

_SHOWN = """() => [...document.querySelector('[data-testid=video]').textTracks]
  .filter((track) => track.mode === 'showing')
  .map((track) => [track.label, track.language, [...(track.activeCues ?? [])].map((cue) => cue.text)])"""


def subtitled(source: Path, folder: Path) -> Path:
    text, target = folder / "in.srt", folder / "subtitled.mp4"
    text.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello <i>you</i>\n\n2\n00:00:06,000 --> 00:00:07,000\nLater\n")
    maps = "-map 0 -map 1 -map 1 -c copy -c:s mov_text -metadata:s:s:0 language=eng -metadata:s:s:1 language=fra"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source), "-i", str(text)]
    subprocess.run([*command, *maps.split(), str(target)], check=True, timeout=60)
    return target


def until_shown(page: Any, wanted: list[Any]) -> None:
    until = time.monotonic() + 10
    while (seen := page.evaluate(_SHOWN)) != wanted:
        assert time.monotonic() < until, seen
        page.wait_for_timeout(50)


def test_subtitles_come_up_one_after_the_other(
    page: Any, api: Any, numbered: Callable[..., Path], tmp_path: Path
) -> None:
    video = api.until_playable(api.add(subtitled(numbered("25"), tmp_path)))
    open_player(page, video["id"])
    button = page.get_by_test_id("subtitles")
    button.wait_for()
    assert page.evaluate(_SHOWN) == []
    page.keyboard.press("c")
    go_to(page, 38)
    until_shown(page, [["eng", "eng", ["Hello <i>you</i>"]]])
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    go_to(page, 160)
    until_shown(page, [["fra", "fra", ["Later"]]])
    page.screenshot(path=str(tmp_path / "subtitles.png"))
    page.keyboard.press("c")
    until_shown(page, [])
