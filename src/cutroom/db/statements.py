"""What the database is asked, how often, and how long it takes: counted in memory, written aside for other processes.

Statements are told apart by their fingerprint: the text with lists of values folded into one, without any value.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import re
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = logging.getLogger("cutroom.db.slow")

FLUSH_SECONDS = 10.0
STEPS = 4
"""Classes of duration in each doubling: class i ends at 2^(i/4) microseconds, so a quantile is known to 19 %."""

_TEXTS_KEPT = 4096
_FINGERPRINTS_KEPT = 1000
_SLOW_KEPT = 200
_FILES_KEPT = 20
_LISTS = re.compile(r"\((?:\s*(?:\?|\$\d+(?:::\w+(?:\[\])?)?)\s*,?)+\)")
_ROWS = re.compile(r"(\(\?…\))(?:,\s*\(\?…\))+")
_SPACES = re.compile(r"\s+")


class Counted(msgspec.Struct, kw_only=True):
    """One fingerprint's numbers since the process began."""

    fingerprint: str  # 12 hexadecimal digits
    statement: str
    example: str  # one of its texts, which the database can be asked to explain
    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0  # seconds
    failures: int = 0
    classes: dict[int, int] = {}  # class of duration: calls


class SlowOne(msgspec.Struct, frozen=True, kw_only=True):
    """One call that took longer than the threshold."""

    at: int  # µs since the epoch
    fingerprint: str
    seconds: float


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A process's file."""

    process: int
    since: int  # µs since the epoch
    until: int
    statements: list[Counted]
    slow: list[SlowOne]


class Statements:
    """The counters of one process. Written to `folder` every few seconds, and by `close`."""

    def __init__(self, folder: Path, *, slow_seconds: float) -> None:
        self.calls = 0
        self.failures = 0
        self.seconds = 0.0
        self._folder = folder
        self._slow_seconds = slow_seconds
        self._since = time.time_ns()
        self._lock = threading.Lock()
        self._of_text: dict[str, Counted] = {}
        self._counted: dict[str, Counted] = {}
        self._slow: deque[SlowOne] = deque(maxlen=_SLOW_KEPT)
        self._ends = threading.Event()
        self._writer: threading.Thread | None = None

    def listen(self, engine: Engine) -> None:
        """Count what this engine sends."""
        from sqlalchemy import event

        @event.listens_for(engine, "connect")
        def opened(_driver: Any, record: Any) -> None:
            record.info["cutroom_statements"] = self  # for `db.prepared`

        @event.listens_for(engine, "before_cursor_execute")
        def begin(_conn: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: bool) -> None:
            context.cutroom_began = time.perf_counter()

        @event.listens_for(engine, "after_cursor_execute")
        def end(_conn: Any, _cursor: Any, text: str, _values: Any, context: Any, _many: bool) -> None:
            self.count(text, time.perf_counter() - context.cutroom_began)

        @event.listens_for(engine, "handle_error")
        def failed(context: Any) -> None:
            began = getattr(context.execution_context, "cutroom_began", None)
            if began is not None and context.statement:
                self.count(context.statement, time.perf_counter() - began, failed=True)

    def count(self, text: str, seconds: float, *, failed: bool = False) -> None:
        """One call; may come from any thread."""
        duration_class = max(0, math.ceil(STEPS * math.log2(max(seconds * 1e6, 1.0))))
        with self._lock:
            self.calls += 1
            self.failures += failed
            self.seconds += seconds
            one = self._of_text.get(text) or self._known(text)
            one.calls += 1
            one.seconds += seconds
            one.failures += failed
            one.classes[duration_class] = one.classes.get(duration_class, 0) + 1
            if seconds > one.slowest:
                one.slowest = seconds
        if seconds >= self._slow_seconds:
            self._slow.append(SlowOne(at=time.time_ns() // 1000, fingerprint=one.fingerprint, seconds=seconds))
            log.info("%.0f ms: %s (%s)", seconds * 1000, one.statement[:500], one.fingerprint)
        if self._writer is None:
            self._start()

    def numbers(self) -> Kept:
        """Everything counted so far."""
        with self._lock:
            found = [msgspec.structs.replace(one, classes=dict(one.classes)) for one in self._counted.values()]
        return Kept(
            process=os.getpid(),
            since=self._since // 1000,
            until=time.time_ns() // 1000,
            statements=found,
            slow=list(self._slow),
        )

    def close(self) -> None:
        """Write the last numbers, unless the process was too short-lived to tell anything."""
        self._ends.set()
        if time.time_ns() - self._since > FLUSH_SECONDS * 1e9 or self._slow:
            with suppress(OSError):
                self.write()

    def write(self) -> None:
        """Write the file, aside and renamed, and forget those of long ago."""
        if not self._counted:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self._folder / f"{self._since}-{os.getpid()}.json"
        aside = target.with_suffix(".part")
        aside.write_bytes(msgspec.json.encode(self.numbers()))
        aside.replace(target)
        for old in sorted(self._folder.glob("*.json"), key=lambda path: path.name)[:-_FILES_KEPT]:
            old.unlink(missing_ok=True)

    def _known(self, text: str) -> Counted:
        shape = normalise(text)
        one = self._counted.get(shape)
        if one is None:
            if len(self._counted) >= _FINGERPRINTS_KEPT:
                self._forget_cheapest()
            one = self._counted[shape] = Counted(fingerprint=fingerprint(shape), statement=shape, example=text)
        if len(self._of_text) >= _TEXTS_KEPT:
            self._of_text.clear()
        self._of_text[text] = one
        return one

    def _forget_cheapest(self) -> None:
        cheapest = sorted(self._counted, key=lambda shape: self._counted[shape].seconds)
        for shape in cheapest[: _FINGERPRINTS_KEPT // 10]:
            del self._counted[shape]
        self._of_text.clear()

    def _start(self) -> None:
        with self._lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._keep_writing, name="statements", daemon=True)
                self._writer.start()

    def _keep_writing(self) -> None:
        while not self._ends.wait(FLUSH_SECONDS):
            try:
                self.write()
            except OSError as error:
                log.warning("The counts of statements cannot be written to %s: %s", self._folder, error)


def normalise(text: str) -> str:
    """The statement with its white space and its lists of values folded."""
    return _ROWS.sub(r"\1", _LISTS.sub("(?…)", _SPACES.sub(" ", text).strip()))


def fingerprint(shape: str) -> str:
    """The name of a normalised statement."""
    return hashlib.blake2b(shape.encode(), digest_size=6).hexdigest()
