"""The jobs page and the keys overlay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_jobs_are_listed_by_state(page: Any, api: Any, numbered: Callable[..., Path]) -> None:
    api.until_playable(api.add(numbered("24000/1001")))
    page.goto("/jobs")
    page.get_by_test_id("job-row").first.wait_for()
    page.get_by_test_id("state-done").click()
    page.wait_for_url("**/jobs?state=done")
    done = page.locator("[data-testid=job-row][data-state=done]")
    done.first.wait_for()
    page.get_by_label("Kind").select_option("proxy")
    page.wait_for_url("**/jobs?*kind=proxy*")
    page.locator("[data-testid=job-row]:not([data-kind=proxy])").first.wait_for(state="detached")
    assert done.count() >= 1
    page.get_by_test_id("state-cancelled").click()
    page.get_by_text("No job is in this state").wait_for()


def test_the_keys_are_shown_and_put_away(page: Any) -> None:
    page.goto("/")
    page.get_by_test_id("total").wait_for()
    page.keyboard.press("?")
    overlay = page.get_by_test_id("keys-overlay")
    overlay.get_by_text("Mark in").wait_for()
    assert overlay.locator("kbd").count() > 20
    page.keyboard.press("Escape")
    overlay.wait_for(state="detached")
