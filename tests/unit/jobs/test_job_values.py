from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cutroom.core.clock import SECOND
from cutroom.jobs.leases import BACK_OFF_SECONDS, back_off
from cutroom.jobs.models import Job, JobState
from cutroom.jobs.testing import kind


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": "job_1",
        "kind": "proxy",
        "queue": "encode",
        "payload": {},
        "payload_version": 1,
        "subject": "ast_1",
        "owner_id": None,
        "title": "Proxy",
        "state": JobState.RUNNING,
        "stage": "encoding",
        "progress": 0.25,
        "speed": 0.025,
        "priority": 5,
        "attempts": 1,
        "max_attempts": 3,
        "fence": 1,
        "not_before": 0,
        "cancel_requested": False,
        "error": None,
        "result": None,
        "created_at": 0,
        "started_at": 100 * SECOND,
        "finished_at": None,
    }
    return Job(**{**fields, **changes})


def test_the_time_left_follows_from_the_speed_lately() -> None:
    assert job().eta_seconds(110 * SECOND) == 30.0
    assert job(speed=0.05).eta_seconds(110 * SECOND) == 15.0


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({"progress": 0.01}, 200),
        ({"progress": 0.0}, 200),
        ({}, 101),
        ({"state": JobState.QUEUED}, 200),
        ({"speed": None}, 200),
        ({}, 50),  # the clock was set back
    ],
)
def test_no_time_is_named_without_grounds(changes: dict[str, Any], now: int) -> None:
    assert job(**changes).eta_seconds(now * SECOND) is None


def test_the_pauses_grow_and_are_bounded() -> None:
    for attempts in range(1, 12):
        expected = BACK_OFF_SECONDS[min(attempts, len(BACK_OFF_SECONDS)) - 1]
        assert 0.8 * expected <= back_off(attempts) <= 1.2 * expected


def test_the_document_is_plain_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(job().document()))["state"] == "running"


def test_a_deadline_may_depend_on_the_job() -> None:
    assert kind(deadline_seconds=lambda job: job.priority * 2.0).deadline(job()) == 10.0
    assert kind(deadline_seconds=3.0).deadline(job()) == 3.0
    assert kind().deadline(job()) is None


def test_what_is_over_is_over() -> None:
    assert {state for state in JobState if state.over} == {JobState.DONE, JobState.FAILED, JobState.CANCELLED}
