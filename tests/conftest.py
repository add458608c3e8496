"""What every test has to leave as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.buckets"]


@pytest.fixture(autouse=True)
def scheduling() -> Iterator[None]:
    """A test that makes this process a real-time one starves the browser and the servers of every later test."""
    yield
    policy = os.sched_getscheduler(0)
    if policy != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail(f"the test left this process with scheduling policy {policy}; see media.sample.scheduling")
