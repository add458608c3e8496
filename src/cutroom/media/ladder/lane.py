"""Threads that work side by side: each takes items from a bounded queue, and the failure of one stops them all."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_POLL_SECONDS = 0.25


class Stopped(Exception):
    """Raised in a lane that waits when another one has failed."""


class Failure:
    """The first error of any lane."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._error: BaseException | None = None

    def set(self, error: BaseException) -> None:
        """Keep `error` unless there is an earlier one."""
        with self._lock:
            if self._error is None and not isinstance(error, Stopped):
                self._error = error

    @property
    def happened(self) -> bool:
        """Whether a lane has failed."""
        return self._error is not None

    def check(self) -> None:
        """Raise the first error, if there is one."""
        if self._error is not None:
            raise self._error


class Lane(Generic[T]):
    """One thread that handles what is put into it, in order, and then finishes."""

    def __init__(
        self, name: str, depth: int, failure: Failure, handle: Callable[[T], None], finish: Callable[[], None]
    ) -> None:
        self._queue: Final[queue.Queue[T | None]] = queue.Queue(depth)
        self._failure = failure
        self._handle = handle
        self._finish = finish
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand over an item, waiting while the lane is behind."""
        self._put(item)

    def close(self) -> None:
        """Say that nothing more comes."""
        self._put(None)

    def join(self, seconds: float) -> bool:
        """Wait this long; whether everything is handled."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _put(self, item: T | None) -> None:
        while True:
            if self._failure.happened:
                raise Stopped
            try:
                return self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue

    def _run(self) -> None:
        try:
            while (item := self._take()) is not None:
                self._handle(item)
            self._finish()
        except BaseException as error:  # the thread's edge: whoever started the lanes raises it
            self._failure.set(error)

    def _take(self) -> T | None:
        while True:
            try:
                return self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if self._failure.happened:
                    raise Stopped from None
