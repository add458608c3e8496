"""When and how the supervisor's process leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import stat

from cutroom.worker.supervisor import Supervisor

_PARENT_SECONDS = 1.0


async def run_until(supervisor: Supervisor, leaving: asyncio.Event) -> None:
    """Run the supervisor, and drain it once `leaving` is set."""
    running = asyncio.create_task(supervisor.run())
    asked = asyncio.create_task(leaving.wait())
    await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    supervisor.leave()
    await running


def listen(leaving: asyncio.Event) -> None:
    """Set `leaving` on SIGTERM, on SIGINT, and when a pipe on standard input ends."""
    loop = asyncio.get_running_loop()

    def leave(number: int) -> None:
        loop.remove_signal_handler(number)  # the second one ends it at once
        leaving.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave, number)
    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        loop.add_reader(0, _drain_input, loop, leaving)
        loop.call_later(_PARENT_SECONDS, _watch_parent, loop, os.getppid(), leaving)


def _drain_input(loop: asyncio.AbstractEventLoop, leaving: asyncio.Event) -> None:
    if not os.read(0, 4096):
        loop.remove_reader(0)
        leaving.set()


def _watch_parent(loop: asyncio.AbstractEventLoop, parent: int, leaving: asyncio.Event) -> None:
    # A process that the parent forked may hold the other end of the pipe open for longer than the parent lives.
    if os.getppid() != parent:
        leaving.set()
        return
    loop.call_later(_PARENT_SECONDS, _watch_parent, loop, parent, leaving)
