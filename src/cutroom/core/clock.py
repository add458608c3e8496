"""Wall-clock instants as integer microseconds since 1970-01-01 UTC, the unit of every `*_at` column."""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND = 1_000_000


def now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1_000


def iso(instant: int) -> str:
    """`2026-01-31T12:00:00.000000Z` of an instant in microseconds."""
    whole, micros = divmod(instant, SECOND)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"
