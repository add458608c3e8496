"""The library: what is added appears by itself, is found, and can be dropped onto the page."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Complaints
from screen import frame_in_pixels

_DROP = """([name, bytes]) => {
  const data = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([data], name, {type: 'video/mp4'}));
  for (const type of ['dragenter', 'dragover', 'drop'])
    document.body.dispatchEvent(new DragEvent(type, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""


def drop(page: Any, name: str, content: bytes) -> None:
    page.evaluate(_DROP, [name, base64.b64encode(content).decode()])


def card(page: Any, name: str) -> Any:
    return page.get_by_test_id("video-card").filter(has_text=name)


def test_an_added_video_appears_and_becomes_ready_without_reloading(
    page: Any, api: Any, numbered: Callable[..., Path]
) -> None:
    page.goto("/")
    path = numbered("25")
    video_id = api.add(path)
    shown = page.locator(f'[data-video="{video_id}"]')
    shown.wait_for(timeout=30_000)
    page.locator(f'[data-video="{video_id}"][data-proxy=ready]').wait_for(timeout=90_000)
    assert shown.locator("[data-verdict=healthy]").inner_text() == "Healthy"
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-testid=video-card] img')].every((image) => image.naturalWidth > 0)"
    )
    box = shown.locator("img").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    page.get_by_test_id("hover-scrub").wait_for()


def test_filters_live_in_the_address(page: Any, api: Any, numbered: Callable[..., Path], tmp_path: Path) -> None:
    harbour = tmp_path / "harbour.mp4"
    harbour.write_bytes(numbered("24", seconds=3).read_bytes())
    api.until_playable(api.add(harbour))
    page.goto("/")
    card(page, "harbour.mp4").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("harbour.")
    page.wait_for_url("**/?q=*")
    page.get_by_test_id("video-card").nth(1).wait_for(state="detached")
    assert page.get_by_test_id("video-card").count() == 1
    page.get_by_label("Verdict").select_option("corrupt")
    page.get_by_text("Nothing matches").wait_for()
    page.reload()
    page.get_by_text("Nothing matches").wait_for()
    page.get_by_role("button", name="Clear the filters").click()
    card(page, "harbour.mp4").wait_for()


def test_tags_are_given_followed_and_taken_away(
    page: Any, api: Any, numbered: Callable[..., Path], tmp_path: Path
) -> None:
    pier = tmp_path / "pier.mp4"
    pier.write_bytes(numbered("30", seconds=3).read_bytes() + b"\0" * 8)
    video_id = api.add(pier)
    page.goto(f"/videos/{video_id}")
    page.get_by_role("tab", name="Details").click()
    page.get_by_label("Add a tag").fill("low tide")
    page.keyboard.press("Enter")
    tags = page.get_by_role("list", name="Tags")
    tags.get_by_role("link", name="low tide").click()
    page.wait_for_url("**/?tag=low*tide")
    card(page, "pier.mp4").wait_for()
    assert page.get_by_test_id("video-card").count() == 1
    assert page.get_by_label("Tag", exact=True).input_value() == "low tide"
    card(page, "pier.mp4").click()
    page.get_by_role("tab", name="Details").click()
    page.get_by_role("button", name="Remove the tag low tide").click()
    tags.wait_for(state="detached")
    page.goto("/?tag=low+tide")
    page.get_by_text("Nothing matches").wait_for()


def test_a_dropped_file_is_uploaded_and_plays(page: Any, numbered: Callable[..., Path]) -> None:
    page.goto("/")
    page.get_by_test_id("total").wait_for()
    drop(page, "dropped ‘one’ 🎬.mp4", numbered("50", seconds=3).read_bytes())
    page.locator("[data-testid=upload-tray] [data-state=done]").wait_for(timeout=30_000)
    shown = card(page, "dropped ‘one’")
    shown.wait_for()
    page.locator("[data-testid=video-card][data-proxy=ready]").filter(has_text="dropped").wait_for(timeout=90_000)
    shown.click()
    page.locator("[data-testid=readout][data-ready=true]").wait_for(timeout=30_000)
    assert frame_in_pixels(page) == 0


def test_a_text_file_says_that_it_is_no_video(page: Any, complaints: Complaints) -> None:
    complaints.expect(415)
    page.goto("/")
    page.get_by_test_id("total").wait_for()
    drop(page, "notes.mp4", b"This is not a video.\n" * 40)
    page.locator("[data-testid=upload-tray] [data-state=failed]").wait_for()
    assert "video" in page.get_by_test_id("upload-tray").get_by_role("alert").inner_text()
    assert card(page, "notes.mp4").count() == 0
