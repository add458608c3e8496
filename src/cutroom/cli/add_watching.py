"""What `cutroom add` shows while it waits: a bar on a terminal, one sentence for each file that is not well."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.jobs.models import Job, JobState
from cutroom.library.models import Added, Video

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom

_LOOK_SECONDS = 0.4
_BATCH = 500
_LEAST_BYTES = 1 << 20
_FULL_SECONDS = 20.0
_SOUND = frozenset({"pending", "healthy", "note", "suspect"})
_MOST_BARS = 6


class Watching:
    """Follows the videos of one `cutroom add` through the database, whoever does the work."""

    def __init__(self, cutroom: Cutroom) -> None:
        self._cutroom = cutroom
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._began = clock.now()
        self._added = 0
        self._verdicts: Counter[str] = Counter()
        self._known = 0
        self._judged: set[str] = set()
        self._running: dict[str, TaskID] = {}
        self._full_since: float | None = None
        self.waiting: dict[str, None] = {}  # ids, in the order they were added
        self.fetching: dict[str, None] = {}  # jobs that fetch addresses
        self.failures = 0
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
        self._bars = Progress(
            *columns,
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._all = self._bars.add_task("Looking for footage", total=None, said="")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def took_in(self, batch: Added) -> None:
        """A batch stands in the library."""
        self._added += len(batch.added)
        self.waiting.update(dict.fromkeys(batch.added))
        for skipped in batch.skipped:
            if skipped.is_notice:
                self._known += 1
            else:
                self._complain(f"{skipped.message} [{skipped.code}]")
        self._bars.update(self._all, said=f"{self._added} added")

    def fetches(self, job_id: str) -> None:
        """A job fetches an address."""
        self.fetching[job_id] = None

    @property
    def is_waiting(self) -> bool:
        """Whether something is not finished."""
        return bool(self.waiting or self.fetching)

    async def until_inspected(self) -> None:
        """Wait until each file has its verdict."""
        while self.is_waiting:
            await self._look(only_verdict=True)

    async def until_done(self) -> None:
        """Wait until no file has a job left."""
        while self.is_waiting:
            await self._look(only_verdict=False)

    def conclude(self) -> None:
        """The last line."""
        self._bars.stop()
        verdicts = ", ".join(f"{number} {name}" for name, number in sorted(self._verdicts.items()))
        known = f" {self._known} in the library already." if self._known else ""
        said = f"Added {self._added} {'file' if self._added == 1 else 'files'}{f': {verdicts}' if verdicts else ''}."
        self._console.print(escape(said + known))

    def _check_disk(self) -> None:
        """Give up when the disk has been full for a while: then even the job table cannot say so."""
        if shutil.disk_usage(self._cutroom.data.root).free >= _LEAST_BYTES:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = time.monotonic()
        elif time.monotonic() - self._full_since > _FULL_SECONDS:
            raise CutroomError(
                "storage.full",
                f"The disk that holds the data directory is full; {len(self.waiting)} files are not finished.",
                hint="Free some space; the next `cutroom serve` or `cutroom add` goes on with them.",
                kind=ErrorKind.NO_SPACE,
            )

    async def _look(self, *, only_verdict: bool) -> None:
        self._check_disk()
        running = await self._look_at_fetches()
        waiting = list(self.waiting)
        for first in range(0, len(waiting), _BATCH):
            ids = waiting[first : first + _BATCH]
            running += await self._look_at(ids, only_verdict=only_verdict)
        self._show(running)
        if self.is_waiting:
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look_at_fetches(self) -> list[Job]:
        """Those that run; what has been fetched is waited for like any other file."""
        running = []
        for job_id in list(self.fetching):
            async with self._cutroom.database.read() as conn:
                job = await self._cutroom.jobs.get(conn, job_id)
            if job.state is JobState.RUNNING:
                running.append(job)
            if not job.state.over:
                continue
            del self.fetching[job_id]
            if job.state is JobState.DONE:
                self._added += 1
                self.waiting[job.subject] = None
            elif job.error is not None:
                self._complain(f"{printable(job.title)}: {job.error.message} [{job.error.code}]")
        return running

    async def _look_at(self, ids: Sequence[str], *, only_verdict: bool) -> list[Job]:
        async with self._cutroom.database.read() as conn:
            videos = {video.id: video for video in await self._cutroom.library.find(conn, ids)}
            active = await self._cutroom.jobs.active(conn, ids)
            for video_id in ids:
                video = videos.get(video_id)
                if video is not None and video.verdict != "pending":
                    self._judge(video)
                if video is None or (only_verdict and video.verdict != "pending") or video_id not in active:
                    del self.waiting[video_id]
                    failed = await self._cutroom.jobs.list(conn, subject=video_id, state=JobState.FAILED)
                    self._name_failures(failed.items)
        return [job for jobs in active.values() for job in jobs if job.state is JobState.RUNNING]

    def _judge(self, video: Video) -> None:
        if video.id in self._judged:
            return
        self._judged.add(video.id)
        self._verdicts[video.verdict] += 1
        if video.verdict not in _SOUND:
            said = video.verdict_message or "It could not be inspected."
            self._complain(f"{printable(video.name)}: {said} [{video.verdict}]")

    def _name_failures(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            # A failed inspection is a verdict, which has been told.
            if job.created_at >= self._began and job.kind != "inspect" and job.error is not None:
                self._complain(f"{printable(job.title)}: {job.error.message} [{job.error.code}]")

    def _complain(self, sentence: str) -> None:
        self.failures += 1
        self._console.print(escape(printable(sentence)))

    def _show(self, running: Sequence[Job]) -> None:
        shown = {job.id: job for job in sorted(running, key=lambda job: -job.progress)[:_MOST_BARS]}
        for job_id in [one for one in self._running if one not in shown]:
            self._bars.remove_task(self._running.pop(job_id))
        for job_id, job in shown.items():
            if job_id not in self._running:
                self._running[job_id] = self._bars.add_task(escape(printable(job.title)), total=1.0, said="")
            self._bars.update(self._running[job_id], completed=job.progress, said=f"{job.progress:.0%}")
        done = self._added - len(self.waiting)
        partly = sum(job.progress for job in running if job.kind == "proxy")
        self._bars.update(
            self._all,
            description="All files",
            total=self._added,
            completed=min(self._added, done + partly),
            said=f"{done} of {self._added}",
        )


def printable(text: str) -> str:
    """Text without what a terminal would act on: a file name may hold anything."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
