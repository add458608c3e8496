"""The Upload page: files go up at once, pause, go on after a reload, and say what the check found."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from harness import Complaints
from playwright.sync_api import expect

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
ROWS = "[data-testid=upload-list] > li"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Begins like a film; large enough to be paused on its way."""
    path = tmp_path / "large take.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + random.Random(3).randbytes(40 << 20))
    return path


def slow(page: Any, bytes_a_second: int) -> Any:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second}
    session.send("Network.emulateNetworkConditions", limits)
    return session


def test_several_at_once_each_with_its_verdict_and_a_duplicate_notice(
    page: Any, api: Any, numbered: Any, tmp_path: Path, complaints: Complaints
) -> None:
    complaints.expect(415)
    footage = numbered("25", seconds=2)  # of this test alone: nobody has hashed the same bytes yet
    text = tmp_path / "notes.mp4"
    text.write_text("just text\n" * 1000)
    page.goto("/upload")
    page.get_by_role("heading", name="Drop files and folders here").wait_for()
    page.get_by_test_id("upload-files").set_input_files([str(footage), str(text)])
    done = page.locator(f"{ROWS}[data-state=done]", has_text=footage.name)
    done.wait_for(timeout=60_000)
    done.locator("[data-verdict=healthy], [data-verdict=note]").wait_for(timeout=60_000)
    failed = page.locator(f"{ROWS}[data-state=failed]")
    assert "does not begin like a video" in failed.get_by_role("alert").inner_text()
    video = str(done.locator("a").first.get_attribute("href")).rpartition("/")[2]
    api.until(
        f"/api/jobs?subject={video}&kind=hash", lambda found: [job["state"] for job in found["items"]] == ["done"]
    )
    page.get_by_role("button", name="Clear finished").click()
    page.get_by_test_id("upload-files").set_input_files([str(footage)])
    expect(page.locator(ROWS)).to_contain_text("The same bytes are in the library already", timeout=60_000)
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert [one["id"] for one in found["violations"]] == []


def test_pause_reload_choose_again_and_it_goes_on(page: Any, api: Any, large: Path) -> None:
    page.goto("/upload")
    throttle = slow(page, 4 << 20)
    page.get_by_test_id("upload-files").set_input_files([str(large)])
    row = page.locator(ROWS, has_text=large.name)
    expect(row).to_contain_text(re.compile(r"MB of .* MB/s"), timeout=60_000)
    page.get_by_role("button", name=f"Pause {large.name}").click()
    expect(row).to_contain_text("Paused")
    page.get_by_role("button", name=f"Resume {large.name}").click()
    expect(row).to_have_attribute("data-state", "sending")
    page.reload()
    left = page.locator(f"{ROWS}[data-state=left]")
    expect(left).to_contain_text("choose this file again")
    throttle.detach()
    offsets: list[int] = []
    page.on("request", lambda asked: offsets.append(int(asked.headers.get("upload-offset", -1))))
    page.get_by_test_id("upload-files").set_input_files([str(large)])
    page.locator(f"{ROWS}[data-state=done]", has_text=large.name).wait_for(timeout=90_000)
    assert max(offsets) > 0, "it began again from the start"
    [video] = api.get(f"/api/videos?q={large.name.split('.')[0].replace(' ', '%20')}")["items"]
    assert video["size_bytes"] == large.stat().st_size


def test_watched_folders_can_be_set_and_taken_back(page: Any, tmp_path: Path) -> None:
    folder = tmp_path / "incoming"
    folder.mkdir()
    page.goto("/upload")
    page.get_by_label("Folder of the server to watch").fill(str(folder))
    page.get_by_role("button", name="Watch", exact=True).click()
    page.get_by_text(re.compile("Looked through")).wait_for(timeout=60_000)
    page.get_by_role("button", name=f"Stop watching {folder}").click()
    expect(page.get_by_text(str(folder))).to_have_count(0)


def test_what_was_refused_or_cancelled_does_not_come_back(
    page: Any, large: Path, tmp_path: Path, complaints: Complaints
) -> None:
    complaints.expect(415)
    text = tmp_path / "no film.mov"
    text.write_text("just text\n" * 1000)
    page.goto("/upload")
    throttle = slow(page, 4 << 20)
    page.get_by_test_id("upload-files").set_input_files([str(text), str(large)])
    page.locator(f"{ROWS}[data-state=failed]", has_text=text.name).wait_for(timeout=60_000)
    expect(page.locator(ROWS, has_text=large.name)).to_contain_text(re.compile(r"MB of .* MB/s"), timeout=60_000)
    page.get_by_role("button", name=f"Pause {large.name}").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        page.get_by_role("button", name=f"Cancel {large.name}").click()
    assert deleted.value.status == 204
    throttle.detach()
    page.reload()
    page.get_by_role("heading", name="Drop files and folders here").wait_for()
    expect(page.locator(ROWS)).to_have_count(0)


def test_a_failed_one_needs_no_mouse(page: Any, tmp_path: Path, complaints: Complaints) -> None:
    complaints.expect(415)
    text = tmp_path / "a text.mov"
    text.write_text("just text\n" * 1000)
    page.goto("/upload")
    page.get_by_test_id("upload-files").set_input_files([str(text)])
    page.locator(f"{ROWS}[data-state=failed]").wait_for(timeout=60_000)
    page.get_by_role("button", name="Remove a text.mov from this list").focus()
    page.keyboard.press("Enter")
    expect(page.locator(ROWS)).to_have_count(0)
