"""Background work inside one asyncio program: bounded, timed, tried again. Needs no database and no other process.

    async with JobRunner(concurrency=4, timeout_seconds=30, retry=Retry(attempts=3)) as runner:
        one = runner.start(fetch, url)
        async for page in runner.map(fetch, urls):
            ...
        print(await one)

What has to survive the end of the process belongs in the job table instead.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar, cast

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """When a failed call is made again. The pause is `first_seconds` × `factor`^n, at most `most_seconds`."""

    attempts: int = 3  # in all
    first_seconds: float = 0.5
    factor: float = 2.0
    most_seconds: float = 30.0
    scatter: float = 0.2  # each pause is longer or shorter by up to this share, so that failures do not march in step
    on: tuple[type[Exception], ...] = (Exception,)

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_seconds < 0 or self.factor < 1 or not 0 <= self.scatter <= 1:
            raise CutroomError("runner.bad-retry", f"{self} makes no sense: see the fields of Retry.")

    def pause_seconds(self, failures: int) -> float:
        """How long to wait after so many failures (1, 2, …)."""
        exponent = min(failures - 1, 64)  # beyond it every pause is the longest one
        seconds = min(self.first_seconds * self.factor**exponent, self.most_seconds)
        return seconds * random.uniform(1 - self.scatter, 1 + self.scatter)  # noqa: S311 - not a secret


ONCE = Retry(attempts=1)


class RunnerStats(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner has done since it was made."""

    running: int
    waiting: int
    done: int
    failed: int
    cancelled: int
    retried: int  # attempts beyond the first
    timed_out: int  # attempts


class BackgroundTask(Generic[T]):
    """A call on its way: await it for its result, or let it be; what then fails is logged."""

    def __init__(self, name: str, task: asyncio.Task[T]) -> None:
        """Use `JobRunner.start`."""
        self.name = name
        self._task = task
        self._awaited = False
        task.add_done_callback(self._ended)

    def __await__(self) -> Generator[Any, None, T]:
        self._awaited = True
        return asyncio.shield(self._task).__await__()

    @property
    def over(self) -> bool:
        """Whether it has ended, however it did."""
        return self._task.done()

    def cancel(self) -> None:
        """End it: one that waits does not start, an `async` one is interrupted, a thread's result is dropped."""
        self._task.cancel()

    def _ended(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._awaited:
            log.error("%s failed in the background: %s", self.name, error, exc_info=error)


class JobRunner:
    """At most `concurrency` calls at once. Functions may be `async`, or plain ones, which run in threads.

    Use it in one event loop, as a context: leaving the block waits for what was started, or cancels it when the block
    is left by an error.
    """

    def __init__(
        self,
        *,
        concurrency: int = 4,
        timeout_seconds: float | None = None,
        retry: Retry = ONCE,
        most_waiting: int | None = None,
    ) -> None:
        """`timeout_seconds` bounds each attempt: `runner.timed-out` (a thread's work goes on, and its result is
        dropped). `most_waiting` bounds what `start` takes: `runner.full`. Raises `runner.bad-size`.
        """
        if concurrency < 1:
            raise CutroomError("runner.bad-size", f"A runner cannot do {concurrency} things at once; use 1 or more.")
        self.concurrency = concurrency
        self._timeout = timeout_seconds
        self._retry = retry
        self._most_waiting = most_waiting
        self._slots = asyncio.Semaphore(concurrency)
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="cutroom-runner")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._running = 0
        self._counts = dict.fromkeys(("done", "failed", "cancelled", "retried", "timed_out"), 0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close(seconds=None if error is None else 0)

    def start(
        self, function: Callable[P, Awaitable[T]] | Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> BackgroundTask[T]:
        """Call it when there is room. Raises `runner.closed` and `runner.full`."""
        waiting = len(self._tasks) - self._running
        if self._closed:
            raise CutroomError("runner.closed", "The runner has been closed.", kind=ErrorKind.CONFLICT)
        if self._most_waiting is not None and waiting >= self._most_waiting + self.concurrency - self._running:
            message = f"{waiting} calls wait already, which is all that this runner takes."
            raise CutroomError("runner.full", message, hint="Try again later.", kind=ErrorKind.TOO_MANY)
        name = getattr(function, "__qualname__", repr(function))
        call = cast(Callable[[], Any], lambda: function(*args, **kwargs))
        task: asyncio.Task[T] = asyncio.get_running_loop().create_task(
            self._see_through(name, function, call), name=name
        )
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return BackgroundTask(name, task)

    async def map(
        self,
        function: Callable[[Item], Awaitable[T]] | Callable[[Item], T],
        items: Iterable[Item] | AsyncIterable[Item],
    ) -> AsyncIterator[T]:
        """The results in the order of the items, which are drawn only as there is room for them.

        The first failure ends the iteration; leaving it early cancels what was started for it.
        """
        started: deque[BackgroundTask[T]] = deque()
        drawing = _each(items)
        try:
            more = True
            while more or started:
                while more and len(started) < 2 * self.concurrency:
                    try:
                        item = await anext(drawing)
                    except StopAsyncIteration:
                        more = False
                    else:
                        started.append(self.start(function, item))
                if started:
                    yield await started.popleft()
        finally:
            for task in started:
                task.cancel()

    def stats(self) -> RunnerStats:
        """Counts, for a health page."""
        return RunnerStats(running=self._running, waiting=len(self._tasks) - self._running, **self._counts)

    async def close(self, *, seconds: float | None = None) -> None:
        """Take nothing more, wait for what was started (at most so long), and cancel the rest."""
        self._closed = True
        if self._tasks and seconds != 0:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _see_through(self, name: str, function: Callable[..., Any], call: Callable[[], Any]) -> Any:
        async with self._slots:
            self._running += 1
            try:
                return await self._try_often(name, function, call)
            finally:
                self._running -= 1

    async def _try_often(self, name: str, function: Callable[..., Any], call: Callable[[], Any]) -> Any:
        for failures in range(self._retry.attempts):
            if failures:
                self._counts["retried"] += 1
            try:
                return await self._attempt(name, function, call)
            except self._retry.on as error:
                if failures + 1 >= self._retry.attempts:
                    raise
                pause = self._retry.pause_seconds(failures + 1)
                log.info("%s failed and is tried again in %.2f s: %s", name, pause, error)
                await asyncio.sleep(pause)
        raise AssertionError("a retry has at least one attempt")

    async def _attempt(self, name: str, function: Callable[..., Any], call: Callable[[], Any]) -> Any:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                if inspect.iscoroutinefunction(function):
                    return await call()
                found = await asyncio.get_running_loop().run_in_executor(self._threads, call)
                return await found if inspect.isawaitable(found) else found
        except TimeoutError:
            if self._timeout is None or time.monotonic() - began < self._timeout:
                raise  # the function's own
            self._counts["timed_out"] += 1
            message = f"{name} did not finish within {self._timeout:g} seconds."
            raise CutroomError("runner.timed-out", message, kind=ErrorKind.UNAVAILABLE) from None

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        ended = "cancelled" if task.cancelled() else "failed" if task.exception() is not None else "done"
        self._counts[ended] += 1


async def _each(items: Iterable[Item] | AsyncIterable[Item]) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
        return
    for item in items:
        yield item
