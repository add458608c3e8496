import pytest

from cutroom.accounts.errors import TooManyAttempts
from cutroom.accounts.models import Visit
from cutroom.accounts.throttle import Throttle


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def visit(remote: str) -> Visit:
    return Visit(remote=remote, user_agent=None)


def test_the_wait_doubles_and_a_success_forgives():
    clock = Clock()
    throttle = Throttle(clock=clock)
    here = visit("192.0.2.1")
    waits = []
    for _ in range(9):
        try:
            throttle.check(here, "ann")
        except TooManyAttempts as error:
            waits.append(error.retry_after)
            clock.now += error.retry_after
        throttle.failed(here, "ann")
    assert waits == [1, 2, 4, 8]
    throttle.succeeded(here, "ann")
    throttle.check(here, "ann")


def test_one_guesser_does_not_lock_the_owner_out_elsewhere():
    clock = Clock()
    throttle = Throttle(clock=clock)
    for _ in range(20):
        throttle.failed(visit("192.0.2.1"), "ann")
    throttle.check(visit("192.0.2.2"), "ann")
    with pytest.raises(TooManyAttempts):
        throttle.check(visit("192.0.2.1"), "ann")


def test_many_names_from_one_place_are_slowed_too():
    throttle = Throttle(clock=Clock())
    for number in range(30):
        throttle.failed(visit("192.0.2.1"), f"name{number}")
    with pytest.raises(TooManyAttempts):
        throttle.check(visit("192.0.2.1"), "another")


def test_the_table_of_failures_is_bounded():
    throttle = Throttle(clock=Clock())
    for number in range(30_000):
        throttle.failed(visit(f"host{number}"), "x")
    assert len(throttle._failures) <= 20_000
