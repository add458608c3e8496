from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cutroom.core.errors import CutroomError
from cutroom.jobs import JobRunner, Retry

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "job-runner-library.md"
FAST = Retry(attempts=3, first_seconds=0.0)


class Meter:
    """Counts how many calls are under way."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def call(self, number: int) -> int:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01 * (number % 3))
        self.now -= 1
        return number


async def test_results_come_in_order_and_never_too_many_at_once() -> None:
    meter, drawn = Meter(), 0

    async def items() -> AsyncIterator[int]:
        nonlocal drawn
        for number in range(50):
            drawn += 1
            yield number

    found = []
    async with JobRunner(concurrency=3) as runner:
        async for number in runner.map(meter.call, items()):
            found.append(number)
            assert drawn <= len(found) + 6
    assert found == list(range(50))
    assert meter.most == 3
    assert (runner.stats().done, runner.stats().running, runner.stats().waiting) == (50, 0, 0)


async def test_a_plain_function_runs_in_a_thread() -> None:
    async with JobRunner() as runner:
        assert await runner.start(threading.get_ident) != threading.get_ident()


async def test_it_is_tried_again_and_then_the_last_failure_is_raised() -> None:
    tries = 0

    async def fail() -> None:
        nonlocal tries
        tries += 1
        raise ConnectionError(str(tries))

    async with JobRunner(retry=FAST) as runner:
        with pytest.raises(ConnectionError, match="3"):
            await runner.start(fail)
    assert runner.stats().retried == 2
    async with JobRunner(retry=Retry(attempts=3, on=(ValueError,))) as runner:
        with pytest.raises(ConnectionError, match="4"):
            await runner.start(fail)


async def test_an_attempt_that_takes_too_long_is_ended_and_tried_again() -> None:
    begun = 0

    async def hang() -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(60)

    async with JobRunner(timeout_seconds=0.02, retry=FAST) as runner:
        with pytest.raises(CutroomError) as caught:
            await runner.start(hang)
    assert (caught.value.code, begun, runner.stats().timed_out) == ("runner.timed-out", 3, 3)


async def test_a_timeout_of_the_function_s_own_is_its_own() -> None:
    async def own() -> None:
        raise TimeoutError("mine")

    async with JobRunner(timeout_seconds=30) as runner:
        with pytest.raises(TimeoutError, match="mine"):
            await runner.start(own)


async def test_leaving_waits_and_an_error_cancels() -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.sleep(0.05 if name == "short" else 60)
        finally:
            ended.append(name)

    async with JobRunner() as runner:
        runner.start(work, "short")
        await asyncio.sleep(0)
    assert ended == ["short"]

    async def stumble() -> None:
        async with runner:
            runner.start(work, "long")
            await asyncio.sleep(0.01)
            raise RuntimeError

    runner = JobRunner()
    with pytest.raises(RuntimeError):
        await stumble()
    assert ended == ["short", "long"]
    assert runner.stats().cancelled == 1
    with pytest.raises(CutroomError) as caught:
        runner.start(work, "late")
    assert caught.value.code == "runner.closed"


async def test_a_full_runner_says_so() -> None:
    async with JobRunner(concurrency=1, most_waiting=1) as runner:
        tasks = [runner.start(asyncio.sleep, 60) for _ in range(2)]
        with pytest.raises(CutroomError) as caught:
            runner.start(asyncio.sleep, 60)
        assert caught.value.code == "runner.full"
        for task in tasks:
            task.cancel()


async def test_what_fails_unseen_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("nobody looks")

    with caplog.at_level(logging.ERROR):
        async with JobRunner() as runner:
            runner.start(fail)
    assert "nobody looks" in caplog.text


@given(failures=some.integers(1, 10_000), first=some.floats(0, 10), factor=some.floats(1, 10), most=some.floats(0, 60))
def test_pauses_are_bounded(failures: int, first: float, factor: float, most: float) -> None:
    retry = Retry(attempts=2, first_seconds=first, factor=factor, most_seconds=most)
    assert 0 <= retry.pause_seconds(failures) <= most * 1.2


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(CutroomError):
        JobRunner(concurrency=0)
    with pytest.raises(CutroomError):
        Retry(attempts=0)


@pytest.mark.parametrize("number", range(3))
def test_the_page_s_examples_run(number: int, tmp_path: Path) -> None:
    expected = ["page 0\npage 1\n", "10 True\n", "there 3\nrunner.timed-out\n"]
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(code) == len(expected)
    file = tmp_path / "example.py"
    file.write_text(code[number])
    environment = {"PYTHONPATH": str(PAGE.parents[2] / "src")}
    done = subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.stdout.startswith(expected[number]), done.stderr
