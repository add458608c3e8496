"""The progress of `cutroom inspect` on a terminal: files and megabytes a second, and the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from cutroom.inspection.files import Candidate


class Watcher(Protocol):
    """Is told of every finished file."""

    def advance(self, size_bytes: int) -> None:
        """One more file of this size is done."""


class _Nobody:
    def advance(self, size_bytes: int) -> None:
        return


class _Bar:
    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._task = progress.add_task("Inspecting", total=None, speed="")
        self._began = time.monotonic()
        self._files = self._bytes = 0

    def advance(self, size_bytes: int) -> None:
        self._files += 1
        self._bytes += size_bytes
        spent = max(0.001, time.monotonic() - self._began)
        speed = f"{self._files / spent:.0f} files/s, {self._bytes / spent / 1e6:.0f} MB/s"
        self._progress.update(self._task, completed=self._files, speed=speed)

    def count(self, files: Iterable[Candidate], stop: threading.Event) -> None:
        """Find out how many files there are, beside the work."""
        total = 0
        for _ in files:
            total += 1
            if stop.is_set():
                return
        self._progress.update(self._task, total=total)


@contextmanager
def watch(files: Callable[[], Iterable[Candidate]], *, shown: bool) -> Iterator[Watcher]:
    """A progress bar on standard error while the block runs, or nothing when nobody watches."""
    if not shown:
        yield _Nobody()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar, stop = _Bar(progress), threading.Event()
        counting = threading.Thread(target=bar.count, args=(files(), stop), daemon=True)
        counting.start()
        try:
            yield bar
        finally:
            stop.set()
