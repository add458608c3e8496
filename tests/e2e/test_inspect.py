"""The page Inspect: a scan of really damaged files, what it says about each, schedules, and who sees what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from harness import Complaints, Server
from test_accessibility import violations

Make = Callable[..., Path]


@pytest.fixture(scope="session")
def folder(numbered: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound film and three damaged ones: zeros in the middle, cut off, and no video at all."""
    made = tmp_path_factory.mktemp("rushes") / "Day 12 – “A cam”"
    made.mkdir()
    # A rate of its own: equal bytes in the library would be a duplicate of another test's footage.
    sound = numbered("48", seconds=7).read_bytes()
    (made / "sound.mp4").write_bytes(sound)
    holed = bytearray(sound)
    holed[len(sound) // 2 : len(sound) // 2 + 30_000] = bytes(30_000)
    (made / "zeros in the middle.mp4").write_bytes(holed)
    (made / "cut off, with a name that is longer than its row is wide.mp4").write_bytes(sound[: len(sound) * 6 // 10])
    (made / "notes.mp4").write_bytes(b"These are not moving pictures.\n" * 400)
    return made


def start_scan(page: Any, folder: Path, mode: str = "Deep") -> None:
    """Start a scan as a person does, and wait for its end."""
    page.goto("/inspect")
    page.get_by_role("heading", name="Inspect").wait_for()
    page.keyboard.press("n")
    page.get_by_label("Folders or files, one a line").fill(str(folder))
    page.get_by_role("radio", name=re.compile(f"^{mode}")).check()
    page.get_by_role("button", name="Start the scan").click()
    page.locator("[data-testid=scan-header][data-state=done]").wait_for(timeout=120_000)


@pytest.fixture(scope="session")
def scanned(folder: Path, server: Server, browser: Any, signed_in: Any) -> str:
    """The address of a scan of the folder."""
    context = browser.new_context(base_url=server.url, storage_state=signed_in)
    page = context.new_page()
    start_scan(page, folder)
    address = str(page.url)
    context.close()
    return address


def result(page: Any, name: str) -> Any:
    return page.get_by_test_id("result").filter(has_text=name)


def test_a_scan_says_which_files_are_damaged_and_where(page: Any, scanned: str, complaints: Complaints) -> None:
    complaints.expect(404)  # moments of which nothing can be decoded have no picture
    page.goto(scanned)
    rows = page.get_by_test_id("result")
    rows.nth(3).wait_for()
    assert rows.first.get_attribute("data-status") == "corrupt"
    assert rows.last.get_attribute("data-status") == "healthy"
    assert result(page, "notes.mp4").get_attribute("data-status") == "not-video"
    result(page, "zeros in the middle").click()
    detail = page.get_by_test_id("file-detail")
    detail.get_by_test_id("finding").first.wait_for()
    assert detail.locator("[data-testid=damage-map] [data-severity]").count() > 0
    assert detail.get_by_test_id("history").locator("li").count() >= 1
    detail.locator("[data-state=shown]").first.wait_for(timeout=20_000)
    page.keyboard.press("d")
    detail.locator("[data-testid=finding][aria-current]").wait_for()
    assert violations(page) == []
    detail.locator("[data-state=shown]").first.click()
    page.get_by_role("dialog").get_by_role("img").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    detail.locator("h2").filter(has_not_text="zeros").wait_for()
    page.get_by_role("button", name="Close", exact=True).click()
    detail.wait_for(state="detached")


def test_filters_live_in_the_address(page: Any, scanned: str) -> None:
    page.goto(scanned)
    page.get_by_test_id("result").nth(3).wait_for()
    page.keyboard.press("s")
    page.wait_for_url("**status=damaged*")
    result(page, "sound.mp4").wait_for(state="detached")
    page.get_by_test_id("status-not-video").click()
    page.wait_for_url("**status=not-video*")
    page.reload()
    result(page, "notes.mp4").wait_for()
    assert page.get_by_test_id("result").count() == 1
    page.keyboard.press("/")
    page.keyboard.type("cut off")
    page.get_by_text("Nothing matches").wait_for()
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_test_id("result").nth(3).wait_for()


def test_reports_come_down_and_a_scan_is_deleted(page: Any, numbered: Make, tmp_path: Path) -> None:
    lone = tmp_path / "lone.mp4"
    lone.write_bytes(numbered("48", seconds=7).read_bytes()[:20_000])
    start_scan(page, tmp_path, "Quick")
    for word, start in (("HTML", b"<!"), ("PDF", b"%PDF"), ("JSON", b"{")):
        with page.expect_download() as download:
            page.get_by_role("link", name=word, exact=True).click()
        path = tmp_path / f"report {word}"
        download.value.save_as(path)
        assert path.read_bytes().lstrip().startswith(start)
    page.get_by_role("button", name="Delete this scan").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url("**/inspect?scan=all")
    page.get_by_test_id("scan-row").filter(has_text=tmp_path.name).wait_for(state="detached")


def test_a_folder_that_is_not_there_is_said_so(page: Any, complaints: Complaints) -> None:
    complaints.expect(422)
    page.goto("/inspect")
    page.get_by_role("button", name="New scan").click()
    page.get_by_label("Folders or files, one a line").fill("/nowhere/at all")
    page.get_by_role("button", name="Start the scan").click()
    assert "/nowhere/at all" in page.get_by_role("alert").inner_text()
    assert violations(page) == []
    page.keyboard.press("Escape")


def test_schedules_are_added_switched_run_and_deleted(page: Any, folder: Path, scanned: str) -> None:
    page.goto("/inspect?view=schedules")
    page.get_by_text("Nothing is scheduled").wait_for()
    page.get_by_role("button", name="New schedule").click()
    page.get_by_label("Name").fill("Rushes, each Monday")
    page.get_by_label("Day").select_option("Monday")
    page.get_by_label("Folders or files, one a line").fill(str(folder))
    assert violations(page) == []
    page.get_by_role("button", name="Add the schedule").click()
    row = page.get_by_test_id("schedule")
    row.get_by_text("Mondays at 03:00").wait_for()
    row.get_by_text("Next in").wait_for()
    row.get_by_role("switch").click()
    row.get_by_text("Switched off").wait_for()
    assert violations(page) == []
    row.get_by_role("button", name="Run now").click()
    page.get_by_test_id("scan-row").nth(1).wait_for()
    page.get_by_role("link", name="Schedules").click()
    row.get_by_role("button", name="Delete").click()
    page.get_by_text("Nothing is scheduled").wait_for()


def test_the_watch_page_draws_the_damage(page: Any, api: Any, folder: Path, complaints: Complaints) -> None:
    complaints.expect(404)  # as above
    video = api.until_playable(api.add(folder / "zeros in the middle.mp4"))
    page.goto(f"/videos/{video['id']}")
    page.locator("[data-testid=readout][data-ready=true]").wait_for(timeout=30_000)
    page.get_by_role("tab", name="Findings").click()
    page.get_by_label("Mode of the next look").select_option("deep")
    page.get_by_role("button", name="Inspect again").click()
    page.get_by_test_id("damage-bands").wait_for(timeout=60_000)
    page.get_by_test_id("finding").first.wait_for()
    page.keyboard.press("Home")
    page.keyboard.press("d")
    page.wait_for_function("() => Number(document.querySelector('[data-testid=readout]').dataset.frame) > 60")
    assert violations(page) == []


def test_equal_files_are_shown_together(page: Any, api: Any, folder: Path) -> None:
    sound = folder / "sound.mp4"
    api.until_playable(api.add(sound))
    page.goto("/inspect?view=duplicates")
    page.get_by_role("navigation", name="Views").wait_for()
    page.get_by_text("equal").first.wait_for()
    assert violations(page) == []


@pytest.fixture
def viewer(server: Server, api: Any, browser: Any) -> Iterator[Any]:
    """A page of somebody who may only look."""
    link = api.post("/api/accounts", {"name": "vera", "role": "viewer"})["link_token"]
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto(f"/login#{link}")
    page.get_by_role("navigation", name="Main").wait_for()
    yield page
    context.close()


def test_a_viewer_sees_the_library_and_no_files(viewer: Any, api: Any, folder: Path) -> None:
    video_id = api.add(folder / "sound.mp4")
    api.until(f"/api/videos/{video_id}", lambda video: video["verdict"] != "pending")
    viewer.goto("/inspect?scan=all&view=schedules")
    viewer.get_by_role("heading", name="Inspect").wait_for()
    viewer.get_by_text("The newest verdict on each video").wait_for()
    assert viewer.get_by_role("button", name="New scan").count() == 0
    assert viewer.get_by_test_id("scan-list").count() == 0
    assert violations(viewer) == []


def _answered(route: Any) -> None:
    """Results of a scan of 100,000 files, a page at a time."""
    query = parse_qs(urlparse(route.request.url).query)
    first, limit = int(query.get("after", ["0"])[0]), int(query["limit"][0])
    common = {"status": "corrupt", "mode": "deep", "confidence": 0.9, "severity": "major", "kept": False}
    items = [
        {
            "id": str(number),
            "path": f"/mnt/nas/rushes/{number:06}.mov",
            "name": f"{number:06}.mov",
            "duration_seconds": 12.5,
            "size_bytes": 10**9,
            "seconds_spent": 1.0,
            "finding_count": 3,
            "message": "A packet is damaged.",
            "video_id": None,
            "checked_at": 10**15,
            **common,
        }
        for number in range(first, first + limit)
    ]
    following = first + limit if first + limit < 100_000 else None
    body = {"items": items, "next": following and str(following)}
    route.fulfill(content_type="application/json", body=json.dumps(body))


def test_a_hundred_thousand_results_stay_a_small_page(page: Any, scanned: str) -> None:
    page.route("**/results?*", _answered)
    page.goto(scanned)
    page.get_by_test_id("result").first.wait_for()
    for _ in range(40):
        page.evaluate("""() => {
          const list = document.querySelector('[data-testid=result-list]').parentElement;
          list.scrollTop = list.scrollHeight;
        }""")
        page.wait_for_timeout(15)
    assert page.evaluate("() => document.querySelectorAll('[data-testid=result]').length") > 10
    assert page.evaluate("() => document.querySelectorAll('*').length") < 1000
