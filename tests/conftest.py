"""What every test has to leave as it was."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Iterator

import pytest

pytest_plugins = ["tests.buckets"]
POSTGRES = os.environ.get("CUTROOM_TEST_POSTGRES_URL", "")
WHOLE = os.environ.get("CUTROOM_TEST_FAULTS") == "whole"
"""`make faults` runs: everything in its long form. Otherwise a sample of what takes long, with the same assertions."""
MISSING = "PostgreSQL is missing; run: apt-get install postgresql && scripts/services up postgres"


def pytest_collection_finish() -> None:
    """What has been imported by now stays: looking through it for garbage takes a fifth of the time of small tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture
async def api_database_url() -> AsyncIterator[str]:
    """Empty, which means SQLite; an upgraded PostgreSQL's URL where CUTROOM_TEST_DATABASE is postgres."""
    if os.environ.get("CUTROOM_TEST_DATABASE") != "postgres":
        yield ""
        return
    from tests.databases import copy_postgres, drop_postgres

    if not POSTGRES:
        pytest.skip(MISSING)
    url = await copy_postgres(POSTGRES)
    yield url
    await drop_postgres(POSTGRES, url)


@pytest.fixture(autouse=True)
def scheduling() -> Iterator[None]:
    """A test that makes this process a real-time one starves the browser and the servers of every later test."""
    yield
    policy = os.sched_getscheduler(0)
    if policy != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail(f"the test left this process with scheduling policy {policy}; see media.sample.scheduling")
