"""A process of ours that runs beside a command for as long as the command does, and is started again when it dies."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from cutroom.processes import groups
from cutroom.processes.launch import start_module

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 2.5
_STEADY_SECONDS = 60.0


class Companion:
    """`python -m MODULE ARGUMENTS`, whose standard input ends when this process does, however it ends."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        log: Path | None = None,
        longest_wait_seconds: float = 30.0,
    ) -> None:
        """What the module prints goes to `log`, or to this process's standard error.

        One that dies again and again is started again after 1, 2, 4 … seconds, `longest_wait_seconds` at most.
        """
        self._longest_wait = longest_wait_seconds
        self._log = log
        self._module = module
        self._arguments = arguments
        self._stopping = threading.Event()
        self._lock = threading.RLock()  # a signal may come while this thread holds it
        self._asked = 0.0
        self._process = start_module(module, arguments, log=log)
        self._watcher = threading.Thread(target=self._watch, name=f"watch {module}", daemon=True)
        self._watcher.start()

    @property
    def pid(self) -> int:
        """The process as it is now."""
        return self._process.pid

    def ask_to_stop(self) -> None:
        """Close its standard input, which asks it to give back what it is doing and end."""
        if not self._stopping.is_set():
            self._asked = time.monotonic()
        self._stopping.set()
        with self._lock:
            if self._process.stdin is not None:
                self._process.stdin.close()

    def stop(self) -> None:
        """Ask it to stop; some seconds after it was first asked, kill it with everything it started."""
        self.ask_to_stop()
        self._watcher.join(max(0.0, self._asked + _DRAIN_SECONDS - time.monotonic()))
        if self._process.poll() is None:
            groups.kill(self._process.pid)
            self._watcher.join(1.0)

    def _watch(self) -> None:
        wait = 1.0
        while True:
            begun = time.monotonic()
            status = self._process.wait()
            if self._stopping.is_set():
                return
            wait = 1.0 if time.monotonic() - begun > _STEADY_SECONDS else min(wait * 2, self._longest_wait)
            log.warning("%s ended with status %d; it is started again in %.0f s.", self._module, status, wait)
            if self._stopping.wait(wait):
                return
            with self._lock:
                if not self._stopping.is_set():
                    self._process = start_module(self._module, self._arguments, log=self._log)
