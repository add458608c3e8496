"""Rate limits in one process; with Redis see the integration tests."""

from __future__ import annotations

import pytest

from cutroom.cache import RateLimiter


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    limiter = RateLimiter("t", per_second=2, burst=5, clock=clock)
    assert [limiter.take("ann") for _ in range(5)] == [0.0] * 5
    assert limiter.take("ann") == pytest.approx(0.5)
    assert limiter.take("bo") == 0.0
    clock.now += 0.5
    assert limiter.take("ann") == 0.0
    assert limiter.take("ann") > 0
    clock.now += 3600
    assert [limiter.take("ann") for _ in range(6)].count(0.0) == 5
    assert limiter.refused == 3


def test_many_strangers_do_not_fill_memory() -> None:
    limiter = RateLimiter("t", per_second=1, burst=1)
    for number in range(60_000):
        limiter.take(str(number))
    assert len(limiter._buckets) <= 50_000


@pytest.mark.parametrize(("per_second", "burst"), [(0, 5), (-1, 5), (1, 0.5)])
def test_limits_that_cannot_be_meant(per_second: float, burst: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        RateLimiter("t", per_second=per_second, burst=burst)
