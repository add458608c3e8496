"""libav's error lines, collected between two points of the program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import av.logging

_LINES = 200


class LogLine(NamedTuple):
    """One line: who wrote it ("h264", "mpegts") and what it says."""

    source: str
    text: str


class LogCapture:
    """Hands out the lines since the last time it was asked."""

    def __init__(self, lines: list[tuple[int, str, str]]) -> None:
        self._lines = lines

    def take(self) -> list[LogLine]:
        """The lines written since the last call, at most two hundred."""
        if not self._lines:
            return []
        taken = [LogLine(name, text.strip()) for level, name, text in self._lines[:_LINES] if level <= av.logging.ERROR]
        self._lines.clear()
        return taken


@contextmanager
def capture_errors() -> Iterator[LogCapture]:
    """Collect libav's lines of level ERROR and worse inside the block, from whichever thread they come.

    One at a time in a process: libav has a single log callback. Repeated lines must not be skipped, or the second
    damaged file's identical error would be swallowed.
    """
    level, skip = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture(local=False) as lines:
            yield LogCapture(lines)
    finally:
        av.logging.set_skip_repeated(skip)
        av.logging.set_level(level)
