"""A server whose broker is down: jobs wait, and the page says why."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness import Server, administrator, serving
from playwright.sync_api import expect

from cutroom.media.sample import make_footage
from tests.databases import copy_postgres, drop_postgres
from tests.local_programs import free_port

POSTGRES = os.environ.get("CUTROOM_TEST_POSTGRES_URL", "")


def _run(work: Any) -> Any:
    """In a thread: Playwright keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Server]:
    if not POSTGRES:
        pytest.skip("PostgreSQL is missing; run: apt-get install postgresql && scripts/services up postgres")
    url = _run(copy_postgres(POSTGRES))
    data = tmp_path / "data"
    data.mkdir()
    broker = f"redis://127.0.0.1:{free_port()}/0"
    with serving(data, CUTROOM_DATABASE_URL=url, CUTROOM_BROKER_URL=broker) as server:
        yield server
    _run(drop_postgres(POSTGRES, url))


def test_the_page_says_why_nothing_starts(alone: Server, browser: Any, tmp_path: Path) -> None:
    make_footage(tmp_path / "take.mp4", seconds=1, width=128, height=72)
    context = browser.new_context(base_url=alone.url, storage_state=administrator(alone, browser))
    page = context.new_page()
    added = page.request.post("/api/videos", data={"paths": [str(tmp_path / "take.mp4")]})
    assert added.ok, added.text()
    page.goto("/jobs")
    expect(page.get_by_role("alert")).to_contain_text("Jobs wait, and go on when it is back.")
    expect(page.get_by_role("grid").get_by_text("Queued").first).to_be_visible()
    context.close()
