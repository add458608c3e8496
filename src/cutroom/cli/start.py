"""The command's entry: what works in a child starts it first, so that both processes get ready side by side."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from cutroom.processes.launch import start_ahead
from cutroom.processes.limits import Limits, default_memory_bytes

_WORK = {"clip": "cutroom.clips.work", "preview": "cutroom.proxies.previews", "proxy": "cutroom.proxies.work"}
"""What a command's child imports while the command line is read."""


def run() -> NoReturn:
    """Run the command line and exit, see `cutroom.cli.main.run`."""
    given = sys.argv[1:]
    if given and given[0] in _WORK and "--help" not in given:
        bounds = Limits(parent=os.getpid(), memory_bytes=default_memory_bytes(), preload=(_WORK[given[0]],))
        start_ahead(bounds)
    from cutroom.cli.main import run as run_command

    run_command(given)
