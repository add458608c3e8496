"""Stands in for the server: keeps a supervisor of test work beside itself until it is killed."""

from __future__ import annotations

import sys
import time

from cutroom.processes.companion import Companion

if __name__ == "__main__":
    Companion("tests.faults.supervise", sys.argv[1:], longest_wait_seconds=1.0)
    while True:
        time.sleep(60)
