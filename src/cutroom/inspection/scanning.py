"""One scan from end to end: verdicts that still hold are reported again, the other files are inspected and kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import suppress
from itertools import islice
from typing import Any

import msgspec

from cutroom.core.errors import CutroomError
from cutroom.inspection.batch import Row, inspect_files
from cutroom.inspection.checksum import Baseline
from cutroom.inspection.files import Candidate
from cutroom.inspection.models import Mode
from cutroom.inspection.report import Totals
from cutroom.inspection.scans import Scan, ScanService
from cutroom.media.pool import DecodePool

ASKED_AT_ONCE = 500
"""Files whose kept verdicts are looked up with one query."""

BATCH_ROWS, BATCH_SECONDS = 200, 1.0
"""New verdicts are written when so many wait, or the first of them has waited so long."""

_Found = Row | BaseException | None


async def scan_files(
    files: Iterable[Candidate] | AsyncIterable[Candidate],
    scan: Scan,
    *,
    scans: ScanService,
    pool: DecodePool,
    started: Callable[[Candidate], None] | None = None,
) -> AsyncGenerator[Row, None]:
    """Every file's row, as they are found out; the scan is ended when all are through, and stays open otherwise.

    However this ends, what was finished more than `BATCH_SECONDS` ago is kept; on a cancellation, all that was.
    `started` is told of each file before it is read. Raises the database's own refusal to take a batch.
    """
    running = _Running(scan, scans, pool, started)
    working = asyncio.create_task(running.work(files))
    whole = False
    try:
        while (row := await running.next_row()) is not None:
            yield row
        await running.flush()
        whole = True
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await running.leave(whole=whole)


class _Running:
    """A scan under way: a task finds rows out, the caller takes them and has them written."""

    def __init__(
        self, scan: Scan, scans: ScanService, pool: DecodePool, started: Callable[[Candidate], None] | None
    ) -> None:
        self._scan = scan
        self._scans = scans
        self._pool = pool
        self._started = started
        self._found: asyncio.Queue[_Found] = asyncio.Queue(maxsize=2 * ASKED_AT_ONCE)
        self._waiting: list[Row] = []
        self._since = 0.0
        self._began = time.monotonic()
        self._totals = Totals()
        self._baselines: dict[Any, Baseline] = {}
        self._broken = False

    async def work(self, files: Iterable[Candidate] | AsyncIterable[Candidate]) -> None:
        """Find out about all files; what goes wrong goes through the queue too, so that it is seen at once."""
        request = self._scan.request
        more = self._baseline_of if request.mode is Mode.FULL else None
        try:
            async for row in inspect_files(
                self._unknown(files),
                request.mode,
                pool=self._pool,
                max_seconds_per_file=request.max_seconds_per_file,
                more=more,
                started=self._started,
            ):
                await self._found.put(row)
        except Exception as error:  # handed to the caller, who raises it
            await self._found.put(error)
        else:
            await self._found.put(None)

    async def next_row(self) -> Row | None:
        """The next row, None after the last; meanwhile batches are written."""
        while True:
            if self._waiting and (len(self._waiting) >= BATCH_ROWS or self._left_seconds() <= 0):
                await self.flush()
            try:
                async with asyncio.timeout(self._left_seconds() if self._waiting else None):
                    found = await self._found.get()
            except TimeoutError:
                continue
            if isinstance(found, BaseException):
                raise found
            if found is not None:
                self._take(found)
            return found

    async def flush(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        rows, self._waiting = self._waiting, []
        try:
            await self._scans.keep(self._scan, rows)
        except CutroomError as error:
            self._broken = True
            raise not_kept(error) from error

    async def leave(self, *, whole: bool) -> None:
        """Write what waits and how far the scan came; a database that is out of order has been reported already."""
        if self._broken:
            return
        try:
            await self.flush()
            await self._scans.end(self._scan, self._totals.summary(time.monotonic() - self._began), whole=whole)
        except CutroomError as error:
            if whole:
                raise not_kept(error) from error

    async def _unknown(self, files: Iterable[Candidate] | AsyncIterable[Candidate]) -> AsyncIterator[Candidate]:
        """The files that have to be looked at; the others' rows go straight to the caller."""
        async for some in _chunks(files, ASKED_AT_ONCE):
            kept = await self._scans.kept(self._scan, some)
            left = []
            for file in some:
                row = kept.get(file.path)
                if row is None:
                    left.append(file)
                else:
                    await self._found.put(row)
            if left and self._scan.request.mode is Mode.FULL:
                self._baselines |= await self._scans.baselines(left)
            for file in left:
                yield file

    def _baseline_of(self, file: Candidate) -> dict[str, Any]:
        baseline = self._baselines.pop(file.path, None)
        return {} if baseline is None else {"baseline": msgspec.to_builtins(baseline)}

    def _take(self, row: Row) -> None:
        self._totals.add(row.report, row.size_bytes)
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(row)

    def _left_seconds(self) -> float:
        return self._since + BATCH_SECONDS - time.monotonic()


def not_kept(error: CutroomError) -> CutroomError:
    """The error for a scan whose results cannot be written."""
    return CutroomError(
        error.code,
        f"The inspection stopped because its results could not be kept: {error.message}",
        hint="Run the same command again: it goes on where it stopped. With --no-database nothing is kept.",
        kind=error.kind,
    )


async def _chunks(files: Iterable[Candidate] | AsyncIterable[Candidate], size: int) -> AsyncIterator[list[Candidate]]:
    if isinstance(files, AsyncIterable):
        some: list[Candidate] = []
        async for file in files:
            some.append(file)
            if len(some) == size:
                yield some
                some = []
        if some:
            yield some
        return
    remaining = iter(files)
    while some := list(islice(remaining, size)):
        yield some
