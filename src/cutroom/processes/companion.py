"""A process of ours that runs beside a command, is started again when it dies, and leaves when the command does."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from cutroom.processes import groups
from cutroom.processes.launch import start_module

log = logging.getLogger(__name__)

_PAUSES = (0.2, 1.0, 5.0, 15.0)
_STEADY_SECONDS = 30.0


class Companion:
    """`python -m MODULE ARGUMENTS`, kept running from `start` to `stop`.

    The module must leave when its standard input ends: that covers this process being killed.
    """

    def __init__(self, module: str, arguments: Sequence[str], *, log_file: Path | None = None) -> None:
        """`log_file` takes what it prints; None: this process's standard error."""
        self._module = module
        self._arguments = list(arguments)
        self._log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def process_id(self) -> int | None:
        """Of the process that runs now."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def start(self) -> None:
        """Start it, and keep it."""
        self._launch()
        self._keeper = threading.Thread(target=self._keep, name=f"keep {self._module}", daemon=True)
        self._keeper.start()

    def stop(self, *, seconds: float = 10.0) -> None:
        """Ask it to leave and wait; after `seconds` its group is killed."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None:
            self._end(process, seconds)
        if self._keeper is not None:
            self._keeper.join(timeout=5)

    def _end(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            log.warning("%s did not leave within %g seconds and is killed.", self._module, seconds)
            groups.kill(process.pid)
            process.wait()

    def _launch(self) -> None:
        with self._lock:
            if not self._stopping.is_set():
                self._process = start_module(self._module, self._arguments, log=self._log_file)

    def _keep(self) -> None:
        deaths = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            assert self._process is not None
            status = self._process.wait()
            if self._stopping.is_set():
                return
            deaths = 0 if time.monotonic() - began > _STEADY_SECONDS else deaths + 1
            log.warning("%s ended with status %d and is started again.", self._module, status)
            if self._stopping.wait(_PAUSES[min(deaths, len(_PAUSES) - 1)]):
                return
            self._launch()
