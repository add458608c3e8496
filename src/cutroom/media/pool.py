"""The one pool of bounded decode children: warm, reused, replaced when they die. Used by the supervisor and the CLI."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.processes.limits import Limits, default_memory_bytes
from cutroom.processes.running import Child, Progress

_GOODBYE_SECONDS = 5.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item of `DecodePool.map`."""

    index: int  # position in the iterable
    result: Any = None  # plain JSON values
    error: CutroomError | None = None


class DecodePool:
    """At most `size` children, each running one work function at a time.

    Enter and use it in one event loop that runs in a lasting thread: children die with the thread that started them.
    """

    def __init__(
        self,
        size: int,
        *,
        niceness: int = 0,
        memory_bytes: int | None = None,
        recycle_after: int = 500,
        warm: int = 0,
        idle_seconds: float = 60.0,
        preload: tuple[str, ...] = (),
    ) -> None:
        """`memory_bytes` bounds each child's address space (default: generous). A child is replaced after
        `recycle_after` runs. `warm` children are kept ready; others leave after `idle_seconds` without work.
        `preload` are modules that a child imports before it is asked to.
        """
        self.size = size
        self._limits = Limits(
            parent=os.getpid(),
            memory_bytes=memory_bytes or default_memory_bytes(),
            niceness=niceness,
            preload=preload,
        )
        self._recycle_after = recycle_after
        self._warm = min(warm, size)
        self._idle_seconds = idle_seconds
        self._slots = asyncio.Semaphore(size)
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        self._refill()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Kill every child, running or not, and wait until they are gone."""
        self._closed = True
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        for child in list(self._all):
            child.kill()
        await asyncio.gather(*(_gone(child) for child in list(self._all)))
        self._all.clear()

    async def run(
        self,
        target: str,
        arguments: Mapping[str, Any],
        *,
        deadline_seconds: float | None = None,
        on_progress: Progress | None = None,
    ) -> Any:
        """Run one work function in a child and return its result as plain JSON values.

        Cancelling the awaiting task kills the child's process group. Raises what the work raised, and the
        `CutroomError` codes `process.timed-out`, `process.crashed`, `process.out-of-memory`, `process.cancelled`
        (the pool was closed) and `process.failed` (an unexpected exception, in one sentence).
        """
        async with self.lend() as child:
            return await child.run(target, dict(arguments), deadline_seconds=deadline_seconds, on_progress=on_progress)

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Child]:
        """A child for the caller's own `run` calls, given back at the end of the block."""
        async with self._slots:
            child = await self._take()
            try:
                yield child
            except BaseException:
                if not child.alive:
                    await _gone(child)
                raise
            finally:
                self._give_back(child)

    async def map(
        self,
        target: str,
        arguments: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        *,
        deadline_seconds: float | Callable[[Mapping[str, Any]], float] | None = None,
        on_progress: Callable[[int, dict[str, Any]], None] | None = None,
    ) -> AsyncIterator[Outcome]:
        """Run one work function over many arguments, `size` at a time; outcomes come as they finish, not in order.

        `arguments` is read lazily, so that it may be long; a failure of one item is its outcome and stops nothing.
        Leaving the iteration early kills what still runs.
        """
        items, drawing = _numbered(arguments), asyncio.Lock()
        outcomes: asyncio.Queue[Outcome] = asyncio.Queue(maxsize=self.size)

        async def work() -> None:
            while True:
                async with drawing:
                    drawn = await anext(items, None)
                    if drawn is None:
                        return
                    index, item = drawn
                    seconds = deadline_seconds(item) if callable(deadline_seconds) else deadline_seconds
                await outcomes.put(await self._outcome(target, index, item, seconds, on_progress))

        async def work_all() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.size):
                    group.create_task(work())

        working = asyncio.create_task(work_all())
        try:
            while (outcome := await _next(outcomes, working)) is not None:
                yield outcome
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            await items.aclose()

    async def _outcome(
        self,
        target: str,
        index: int,
        item: Mapping[str, Any],
        deadline_seconds: float | None,
        on_progress: Callable[[int, dict[str, Any]], None] | None,
    ) -> Outcome:
        def forward(progress: dict[str, Any]) -> None:
            if on_progress is not None:
                on_progress(index, progress)

        try:
            result = await self.run(
                target, item, deadline_seconds=deadline_seconds, on_progress=forward if on_progress else None
            )
        except CutroomError as error:
            return Outcome(index=index, error=error)
        return Outcome(index=index, result=result)

    async def _take(self) -> Child:
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
            self._all.discard(child)
        if self._closed:
            raise CutroomError("process.cancelled", "The work was stopped.", kind=ErrorKind.CONFLICT)
        return await self._start()

    async def _start(self) -> Child:
        child = await Child.start(self._limits)
        self._all.add(child)
        if self._closed:  # while it was starting
            child.kill()
        return child

    def _give_back(self, child: Child) -> None:
        if child.alive and child.runs < self._recycle_after and not self._closed:
            self._idle.append(child)
            asyncio.get_running_loop().call_later(self._idle_seconds, self._let_go, child, child.runs)
            return
        child.kill()
        self._spawn(self._bury(child))
        self._refill()

    def _let_go(self, child: Child, runs: int) -> None:
        if child.runs == runs and child in self._idle and len(self._idle) > self._warm:
            self._idle.remove(child)
            child.kill()
            self._spawn(self._bury(child))

    async def _bury(self, child: Child) -> None:
        await _gone(child)
        self._all.discard(child)

    def _refill(self) -> None:
        """Start spare children in the background until `warm` are there."""
        if self._closed or len(self._all) - sum(not child.alive for child in self._all) >= self._warm:
            return
        self._spawn(self._add_spare())

    async def _add_spare(self) -> None:
        child = await self._start()
        self._idle.append(child)
        self._refill()

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def _numbered(
    arguments: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
) -> AsyncGenerator[tuple[int, Mapping[str, Any]], None]:
    index = 0
    if isinstance(arguments, AsyncIterable):
        async for item in arguments:
            yield index, item
            index += 1
        return
    for item in arguments:
        yield index, item
        index += 1


async def _next(outcomes: asyncio.Queue[Outcome], working: asyncio.Task[None]) -> Outcome | None:
    """The next outcome, or None when all items are through; raises what went wrong outside the items."""
    if outcomes.empty():
        getting = asyncio.ensure_future(outcomes.get())
        await asyncio.wait({getting, working}, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        getting.cancel()
        await working
        if outcomes.empty():
            return None
    return outcomes.get_nowait()


async def _gone(child: Child) -> None:
    """Until a killed child has left; one stuck in the kernel is not waited for."""
    with suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), _GOODBYE_SECONDS)
