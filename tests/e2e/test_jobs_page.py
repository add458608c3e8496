"""The jobs page with very many jobs: choosing, acting on many, and one job's details."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Server
from playwright.sync_api import expect

MANY = 100_000
_ATTEMPT = (
    "INSERT INTO job_attempts (job_id, fence, number, worker, started_at, finished_at, outcome, error, stages, log)"
)


@pytest.fixture(scope="module")
def crowd(server: Server, signed_in: Any) -> Iterator[None]:
    """Many jobs as an earlier month left them, and paused ones that nobody will begin."""
    now = time.time_ns() // 1_000
    error = json.dumps({"code": "media.damaged", "message": "The file ends in the middle.", "hint": "Copy it again."})
    with sqlite3.connect(server.data / "cutroom.db", timeout=30) as conn:
        conn.executemany(
            "INSERT INTO jobs (id, kind, queue, payload, payload_version, subject, title, state, progress, priority,"
            " attempts, max_attempts, fence, not_before, pending, needed, cancel_requested, pause_requested, error,"
            " created_at, started_at, finished_at)"
            " VALUES (?, 'inspect', 'inspect', '{}', 1, 'vid_x', ?, ?, 0, 1, 1, 3, 1, 0, 0, 0, 0, 0, ?, ?, ?, ?)",
            (
                (
                    f"job_crowd{number:017d}",
                    f"Crowd {number}",
                    state,
                    error if state == "failed" else None,
                    now - number,
                    now - number,
                    None if state == "paused" else now - number + 500_000,
                )
                for number in range(MANY)
                for state in ["failed" if number % 1000 == 0 else "paused" if number % 1000 == 1 else "done"]
            ),
        )
        stages = json.dumps([{"stage": "probing", "at": now + 100_000}, {"stage": "reading", "at": now + 300_000}])
        conn.executemany(
            f"{_ATTEMPT} VALUES (?, ?, ?, 'host:7:ab', ?, ?, ?, ?, ?, ?)",
            [
                ("job_crowd00000000000000000", 1, 1, now, now + 400_000, "lost", None, stages, None),
                ("job_crowd00000000000000000", 2, 2, now, now + 900_000, "failed", error, stages, "[h264] no frame!"),
            ],
        )
    yield
    with sqlite3.connect(server.data / "cutroom.db", timeout=30) as conn:
        conn.execute("DELETE FROM job_attempts WHERE job_id LIKE 'job_crowd%'")
        conn.execute("DELETE FROM jobs WHERE id LIKE 'job_crowd%'")


@pytest.mark.usefixtures("crowd")
def test_a_hundred_thousand_jobs_are_a_short_list(page: Any, api: Any, tmp_path: Path) -> None:
    page.goto("/jobs")
    page.get_by_test_id("job-row").first.wait_for()
    count = int(page.get_by_test_id("job-list").get_attribute("aria-rowcount"))
    assert count >= MANY
    page.get_by_test_id("job-list").focus()
    reached = 0
    until = time.monotonic() + 60
    while reached <= 400:
        assert time.monotonic() < until, reached
        page.keyboard.press("End")
        page.wait_for_timeout(200)
        reached = int(page.locator("[role=row]").last.get_attribute("aria-rowindex"))
    late = tmp_path / "late.mp4"
    late.write_text("its job comes while somebody reads far below")
    api.add(late)
    expect(page.get_by_test_id("job-list")).not_to_have_attribute("aria-rowcount", str(count), timeout=30_000)
    page.keyboard.press("End")
    assert int(page.locator("[role=row]").last.get_attribute("aria-rowindex")) >= reached
    assert page.evaluate("document.querySelectorAll('*').length") < 1000


@pytest.mark.usefixtures("crowd")
def test_many_are_chosen_and_changed_by_keyboard(page: Any, api: Any) -> None:
    page.goto("/jobs?state=paused&text=Crowd")
    page.get_by_test_id("job-row").first.wait_for()
    page.get_by_test_id("job-list").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_text("3 chosen").wait_for()
    page.keyboard.press("Escape")
    page.get_by_test_id("chosen").wait_for(state="detached")
    page.keyboard.press("Control+a")
    page.get_by_text("All 100 that fit").wait_for()
    page.get_by_test_id("chosen").get_by_role("button", name="Cancel").click()
    page.get_by_text("100 changed").wait_for()
    page.get_by_text("No job is in this state").wait_for()
    assert api.get("/api/jobs?state=cancelled&text=Crowd&limit=1")["counts"]["paused"] == 0


@pytest.mark.usefixtures("crowd")
def test_one_job_shows_its_attempts_and_its_log(page: Any) -> None:
    page.goto("/jobs?state=failed&text=Crowd")
    page.get_by_test_id("job-row").first.click()
    page.wait_for_url("**job=job_crowd*")
    pane = page.get_by_test_id("job-pane")
    pane.get_by_text("its worker vanished").wait_for()
    pane.get_by_text("[h264] no frame!").wait_for()
    assert pane.locator("svg rect").count() == 6
    pane.get_by_text("Copy it again.").wait_for()
    page.reload()
    pane.get_by_role("button", name="Try again").wait_for()
    pane.get_by_role("button", name="Close").click()
    pane.wait_for(state="detached")
