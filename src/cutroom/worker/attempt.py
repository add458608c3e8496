"""One attempt at one job: prepare, run in a child, keep the lease, publish or give up."""

from __future__ import annotations

import asyncio
import errno
import logging
import shutil
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind
from cutroom.jobs.errors import StaleFenceError, kind_unknown
from cutroom.jobs.leases import Leases
from cutroom.jobs.models import Job, JobKind, OnProgress, StageMark, Trace
from cutroom.media.pool import DecodePool
from cutroom.processes.running import Child
from cutroom.storage.port import ObjectStore
from cutroom.worker.pace import Pace
from cutroom.worker.staging import Staging

log = logging.getLogger(__name__)

T = TypeVar("T")

TICK_SECONDS = 0.5
"""Between two writes of progress; the lease rides on the same write."""

RETRYABLE = {ErrorKind.FAILED, ErrorKind.UNAVAILABLE, ErrorKind.NO_SPACE, ErrorKind.CONFLICT, ErrorKind.TOO_MANY}
"""Kinds of error that may go away by themselves; a damaged file does not."""

DATABASE_AWAY = (SQLAlchemyError, OSError)
"""What a database that is restarting raises besides `CutroomError`s of kind unavailable."""


class Stop(StrEnum):
    """Why an attempt is ended from outside."""

    CANCEL = "cancel"  # somebody asked for it
    PAUSE = "pause"  # so was this; the attempt does not count
    RELEASE = "release"  # the supervisor is leaving in good order
    LOST = "lost"  # the lease could not be kept


class Attempt:
    """A claimed job on its way through a child. `run` never raises; `stop` ends it early."""

    def __init__(
        self, job: Job, *, leases: Leases, pool: DecodePool, scratch: Path, store: ObjectStore | None = None
    ) -> None:
        work_dir = scratch / "jobs" / job.id / f"attempt-{job.fence}"
        self.job = msgspec.structs.replace(job, work_dir=work_dir)
        self._work_dir = work_dir
        self._leases = leases
        self._pool = pool
        self._staging = Staging(store, work_dir)
        self._stop: Stop | None = None
        self._failure: CutroomError | None = None
        self._child: asyncio.Task[Any] | None = None
        self._ending = asyncio.Event()
        self._stage: str | None = None
        self._stages: list[StageMark] = []
        self._written: Trace | None = None
        self._printed: Callable[[], str] | None = None  # of the child that works, or has worked
        self._arguments: dict[str, Any] = {}
        self._pace = Pace(job.progress)
        self._news = False
        self._events: deque[dict[str, Any]] = deque()
        self._event_seen = asyncio.Event()
        self._lease_ends = time.monotonic() + leases.lease_seconds

    def stop(self, reason: Stop) -> None:
        """Kill the child, if there is one; too late once the result is being published."""
        if self._stop is None and not self._ending.is_set():
            self._stop = reason
            if self._child is not None:
                self._child.cancel()

    async def run(self) -> None:
        """The whole attempt, to its end in the database."""
        keeping = _Later(TICK_SECONDS, self._keep_lease)
        try:
            await self._run()
        except StaleFenceError:
            log.warning("%s: attempt %d has lost the job; its work is dropped.", self.job.id, self.job.fence)
        except Exception:  # the edge of an attempt: the lease runs out, and the sweeper takes the job up again
            log.exception("%s: attempt %d could not be ended in the database.", self.job.id, self.job.fence)
        finally:
            self._ending.set()
            await keeping.over()
            await self._remove_folder()

    async def _run(self) -> None:
        kind = self._leases.kind(self.job.kind)
        error: CutroomError | None
        try:
            if kind is None:
                raise kind_unknown(self.job.kind)
            result = await self._work(kind)
        except asyncio.CancelledError:
            if self._failure is None:
                await self._stopped()
                return
            error = self._failure
        except StaleFenceError:
            raise
        except Exception as caught:  # the edge: whatever a domain's callback raised becomes the job's error
            error = explain(caught, self.job)
        else:
            error = await self._publish(result)
        if error is not None:
            self._ending.set()
            retry = error.kind in RETRYABLE
            document = without_paths(error.document, self._arguments)
            await self._insist(lambda: self._leases.fail(self.job, document, retry=retry, trace=self._trace()))

    async def _work(self, kind: JobKind) -> dict[str, Any] | None:
        """From the claim to the child's result; None when nothing was left to do."""
        await self._make_folder()
        async with self._pool.lend() as child:
            async with self._leases.transaction() as tx:
                await self._leases.begin(tx, self.job, child.group)
                arguments = await kind.prepare(tx, self.job)
            if arguments is None:
                return None
            self._arguments = arguments
            self._printed = child.printed
            if self._staging.needed:
                await self._unless_stopped(self._staging.bring(kind.reads(arguments)))
            try:
                async with self._staging.sending(kind.writes(arguments)):
                    result = await self._run_child(kind, child, arguments)
            finally:
                said = child.printed()  # the child is another job's after this
                self._printed = lambda: said
        found = result if isinstance(result, dict) else {} if result is None else {"value": result}
        if kind.deliver is not None:
            found = await self._unless_stopped(kind.deliver(self.job, arguments, found))
        return found

    async def _make_folder(self) -> None:
        if self._leases.direct:
            self._work_dir.mkdir(parents=True, exist_ok=True)
        else:  # on a network's file system, which may hang
            await asyncio.to_thread(self._work_dir.mkdir, parents=True, exist_ok=True)

    async def _remove_folder(self) -> None:
        if not (self._leases.direct and _removed_empty(self._work_dir)):
            await asyncio.to_thread(remove_work_dir, self._work_dir)

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which `stop` cancels."""
        self._child = task = asyncio.create_task(work)
        if self._stop is not None:
            task.cancel()
        return await task

    async def _run_child(self, kind: JobKind, child: Child, arguments: dict[str, Any]) -> Any:
        following = None if kind.progress is None else asyncio.create_task(self._follow(kind.progress))
        try:
            if self._stop is not None:
                raise asyncio.CancelledError
            work = child.run(
                kind.target, arguments, deadline_seconds=kind.deadline(self.job), on_progress=self._on_progress
            )
            self._child = asyncio.create_task(work)
            result = await self._child
        except BaseException:
            self._events.clear()
            raise
        finally:
            # Not cancelled: it may be in the middle of a transaction.
            self._events.append({})
            self._event_seen.set()
            if following is not None:
                await following
        if self._failure is not None:
            raise self._failure
        return result

    async def _publish(self, result: dict[str, Any] | None) -> CutroomError | None:
        """Finish the job; the error to fail it with when publishing is impossible."""
        if self._stop is not None:
            await self._stopped()
            return None
        self._ending.set()
        try:
            await self._insist(lambda: self._leases.finish(self.job, result, trace=self._trace()))
        except StaleFenceError:
            raise
        except Exception as caught:  # the edge, as above
            return explain(caught, self.job)
        return None

    async def _stopped(self) -> None:
        self._ending.set()
        if self._stop is Stop.CANCEL:
            await self._insist(lambda: self._leases.cancelled(self.job, trace=self._trace()))
        elif self._stop in (Stop.RELEASE, Stop.PAUSE):
            await self._insist(lambda: self._leases.release(self.job, trace=self._trace()))
        else:
            log.warning("%s: the lease of attempt %d could not be kept.", self.job.id, self.job.fence)

    async def _insist(self, write: Callable[[], Awaitable[object]]) -> None:
        """Write, and again for as long as the lease holds when the database is away for a moment."""
        while True:
            try:
                await write()
                return
            except StaleFenceError:
                raise
            except CutroomError as error:
                if error.kind is not ErrorKind.UNAVAILABLE or time.monotonic() > self._lease_ends:
                    raise
            except (SQLAlchemyError, ConnectionError):
                if time.monotonic() > self._lease_ends:
                    raise
            await asyncio.sleep(TICK_SECONDS)

    def _on_progress(self, progress: dict[str, Any]) -> None:
        fraction, stage = progress.get("fraction"), progress.get("stage")
        if isinstance(fraction, int | float):
            self._pace.reach(float(fraction))
            self._news = True
        if isinstance(stage, str):
            if stage != self._stage:
                self._stages.append(StageMark(stage=stage, at=clock.now()))
            self._stage, self._news = stage, True
        if "event" in progress:
            self._events.append(progress)
            self._event_seen.set()

    async def _follow(self, told: OnProgress) -> None:
        """Hand the child's events to the kind, in order, each in a transaction that holds the fence."""
        while True:
            await self._event_seen.wait()
            self._event_seen.clear()
            while self._events:
                event = self._events.popleft()
                if not event:
                    return
                if not await self._tell(told, event):
                    return

    async def _tell(self, told: OnProgress, event: dict[str, Any]) -> bool:
        try:
            async with self._leases.transaction() as tx:
                await self._leases.hold(tx, self.job)
                await told(tx, self.job, event)
        except StaleFenceError:
            self.stop(Stop.LOST)
            return False
        except Exception as caught:  # the edge, as in _run
            self._failure = explain(caught, self.job)
            if self._child is not None:
                self._child.cancel()
            return False
        return True

    async def _keep_lease(self) -> None:
        """Renew and write progress every tick, until the attempt ends; give up when the lease has run out."""
        written = self._lease_ends - self._leases.lease_seconds
        while not self._ending.is_set():
            if self._news or time.monotonic() - written >= self._leases.lease_seconds / 3:
                written = time.monotonic()
                if not await self._renewed(written):
                    self.stop(Stop.LOST)
                    return
            await _within(self._ending, TICK_SECONDS)

    async def _renewed(self, at: float) -> bool:
        """Write once; False when the job is lost."""
        news, self._news = self._news, False
        try:
            job = await self._renew(news)
        except StaleFenceError:
            return False
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("%s: the lease could not be renewed: %s", self.job.id, error)
            self._news = True
            return time.monotonic() <= self._lease_ends
        self._lease_ends = at + self._leases.lease_seconds
        if job.cancel_requested or job.pause_requested:
            self.stop(Stop.CANCEL if job.cancel_requested else Stop.PAUSE)
        return True

    async def _renew(self, news: bool) -> Job:
        trace = self._trace()
        job = await self._leases.renew(
            self.job,
            stage=self._stage,
            progress=self._pace.fraction,
            speed=self._pace.speed,
            changed=news,
            trace=trace if trace != self._written else None,
        )
        self._written = trace
        return job

    def _trace(self) -> Trace:
        said = self._printed() if self._printed is not None else ""
        return Trace(stages=list(self._stages), log=hide_paths(said, self._arguments) or None)


def explain(caught: Exception, job: Job) -> CutroomError:
    """Any exception of an attempt as the error that its job shows; the traceback goes to the log only."""
    if isinstance(caught, CutroomError):
        return caught
    if isinstance(caught, OSError) and caught.errno in (errno.ENOSPC, errno.EDQUOT):
        return CutroomError(
            "storage.full",
            "The disk is full; nothing was published.",
            hint="Free some space in the data directory, then retry the job.",
            kind=ErrorKind.NO_SPACE,
        )
    log.error("%s: attempt %d failed", job.id, job.fence, exc_info=caught)
    said = " ".join(str(caught).split())
    return CutroomError("process.failed", f"{type(caught).__name__}: {said}", kind=ErrorKind.FAILED)


def without_paths(error: ErrorDocument, arguments: Mapping[str, Any]) -> ErrorDocument:
    """The error with files called by their names: where they lie on the server is not for every account to know."""
    return msgspec.structs.replace(error, message=hide_paths(error.message, arguments))


def hide_paths(text: str, arguments: Mapping[str, Any]) -> str:
    """The text with the files that the arguments name called by their last names only."""
    for value in sorted((value for value in arguments.values() if isinstance(value, str)), key=len, reverse=True):
        if Path(value).is_absolute():
            text = text.replace(value, Path(value).name)
    return text


def remove_work_dir(work_dir: Path) -> None:
    """Remove an attempt's folder, and the job's when that was the last."""
    shutil.rmtree(work_dir, ignore_errors=True)
    try:
        work_dir.parent.rmdir()
    except OSError:
        return  # another attempt's folder is still in it


def _removed_empty(work_dir: Path) -> bool:
    """Remove the folder of an attempt that has left nothing in it, and the job's; False when there is more to do."""
    try:
        work_dir.rmdir()
        work_dir.parent.rmdir()
    except OSError:
        return False
    return True


class _Later:
    """A task that is begun when some seconds have passed, if it is still wanted then: most attempts end before."""

    def __init__(self, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._task: asyncio.Task[None] | None = None
        self._work = work
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._work())

    async def over(self) -> None:
        """Do not begin it any more, or wait until it has ended."""
        self._timer.cancel()
        if self._task is not None:
            await self._task


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Until something happens or the time is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
