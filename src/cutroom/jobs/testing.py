"""Work targets without media, for tests of the runner and for its benchmark. Shipped, because a target must be ours."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

Report = Callable[[dict[str, Any]], None]


def nothing(*, report: Report) -> None:
    """Return at once."""


def echo(*, report: Report, **arguments: Any) -> dict[str, Any]:
    """Return the arguments, the process id and the instant (µs since the epoch) at which the work began."""
    return {**arguments, "process": os.getpid(), "began_at": time.time_ns() // 1_000}
