"""A statement on SQLite that takes too long is broken off, as `statement_timeout` does on PostgreSQL."""

from __future__ import annotations

import math
import sqlite3
import time
from typing import Any

_STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock: less than a millisecond."""


class TimedConnection(sqlite3.Connection):
    """Interrupts what runs past `allow`'s limit: it fails with "interrupted"."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.limit = math.inf
        self._until = math.inf
        self.set_progress_handler(self._late, _STEPS)

    def allow(self) -> None:
        """The time of `limit` seconds begins now."""
        self._until = time.monotonic() + self.limit

    def _late(self) -> bool:
        return time.monotonic() > self._until
