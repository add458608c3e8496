"""Keeping an encoder from making this process a real-time one.

Run as root, SVT-AV1 gives the thread that opens it SCHED_FIFO at priority 99, and every process that thread starts
later inherits that: a browser or a server then starves the whole machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ordinary_scheduling() -> Iterator[None]:
    """Give the thread back the scheduling it had, whatever is opened inside."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            os.sched_setscheduler(0, policy, parameters)
