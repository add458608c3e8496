"""A folder in which each process leaves its numbers, so that any of them can answer for all."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import psutil

from cutroom.telemetry.meters import Meters, Sheet

WRITE_SECONDS = 1.0
"""How old another process's numbers are at most."""

_decode = msgspec.msgpack.Decoder(Sheet).decode


class Sheets:
    """The folder. Who starts the server empties it once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = folder / f"{os.getpid()}.sheet"
        self._written = b""

    def clear(self) -> None:
        """Forget what an earlier server counted."""
        for path in self._folder.glob("*.sheet"):
            path.unlink(missing_ok=True)

    def write(self, sheet: Sheet) -> None:
        """Leave this process's numbers, in place of its earlier ones; nothing is written when none has changed."""
        data = msgspec.msgpack.encode(sheet)
        if data == self._written:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._own.with_suffix(".part")
        aside.write_bytes(data)
        aside.replace(self._own)
        self._written = data

    def others(self) -> list[Sheet]:
        """What the other processes have left. Of one that has died the counters still count, its sizes do not."""
        found = []
        for path in sorted(self._folder.glob("*.sheet")):
            if path == self._own:
                continue
            with contextlib.suppress(OSError, msgspec.DecodeError):
                sheet = _decode(path.read_bytes())
                found.append(sheet if _is_alive(path.stem) else _counters_of(sheet))
        return found

    @asynccontextmanager
    async def kept(self, meters: Meters) -> AsyncIterator[None]:
        """Leave the numbers every second during the block, and once more at its end."""
        task = asyncio.create_task(self._keep(meters))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self.write(meters.sheet())

    async def _keep(self, meters: Meters) -> None:
        while True:
            with contextlib.suppress(OSError):  # a full disk: the numbers wait
                self.write(meters.sheet())
            await asyncio.sleep(WRITE_SECONDS)


def _counters_of(sheet: Sheet) -> Sheet:
    return Sheet(samples=[one for one in sheet.samples if one.grows], timings=sheet.timings)


def _is_alive(pid: str) -> bool:
    return pid.isdigit() and psutil.pid_exists(int(pid))
