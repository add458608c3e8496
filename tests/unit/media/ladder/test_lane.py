"""Lanes: in order, bounded, and stopped together."""

from __future__ import annotations

import time

import pytest

from cutroom.media.ladder.lane import Failure, Lane, Stopped


def wait(lane: Lane[int]) -> None:
    deadline = time.monotonic() + 10
    while not lane.join(0.05):
        assert time.monotonic() < deadline


def test_items_are_handled_in_order_and_then_it_finishes() -> None:
    seen: list[int] = []
    lane = Lane("test", 2, Failure(), seen.append, lambda: seen.append(-1))
    for item in range(1, 20):
        lane.put(item)
    lane.close()
    wait(lane)
    assert seen == [*range(1, 20), -1]


def test_the_first_failure_stops_every_lane() -> None:
    failure = Failure()
    ends: list[str] = []

    def fail(item: int) -> None:
        raise ValueError(f"item {item}")

    idle = Lane("idle", 1, failure, lambda item: None, lambda: ends.append("idle"))
    broken = Lane("broken", 1, failure, fail, lambda: ends.append("broken"))
    broken.put(7)
    wait(idle)
    wait(broken)
    with pytest.raises(Stopped):
        idle.put(1)
    with pytest.raises(ValueError, match="item 7"):
        failure.check()
    assert ends == []
