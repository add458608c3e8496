"""A worker on any machine: Celery takes messages in threads, a supervisor in a thread of its own does the jobs.

Celery's own children could not start processes, so its pool is of threads; and children die with the thread that
started them, so the supervisor's lasts as long as the process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from cutroom.bootstrap.broker import PREFIX, TASK, Broker
from cutroom.core.errors import CutroomError
from cutroom.worker.supervisor import Supervisor

log = logging.getLogger(__name__)

Serve = Callable[[Callable[[Supervisor], None], asyncio.Event], Any]
"""A coroutine function that runs a supervisor until the event is set, and calls back once there is one."""

_LAST_SECONDS = 15.0


class SupervisorThread(threading.Thread):
    """The event loop that does the work. It outlives every message."""

    def __init__(self, serve: Serve) -> None:
        super().__init__(name="supervisor")
        self._serve = serve
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Event | None = None
        self._supervisor: Supervisor | None = None
        self._up = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        """Called by `start`."""
        try:
            asyncio.run(self._main())
        except BaseException as error:  # the edge of the thread: its end must be the process's
            self.error = error
        finally:
            started = self._up.is_set()
            self._up.set()
            if started and self.error is not None:
                log.error("The supervisor has failed.", exc_info=self.error)
                os.kill(os.getpid(), signal.SIGTERM)

    def wait_until_up(self) -> None:
        """Return once jobs can be done; raises what kept it from starting."""
        self._up.wait()
        if self.error is not None:
            raise self.error

    def work_one(self) -> str | None:
        """Do the best job there is, from any other thread; its id, or None."""
        if self._loop is None or self._supervisor is None or not self.is_alive():
            return None
        return asyncio.run_coroutine_threadsafe(self._supervisor.work_one(), self._loop).result()

    def leave(self) -> None:
        """Give back what runs, and end; from any other thread."""
        if self._loop is not None and self._leaving is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._leaving.set)

    async def _main(self) -> None:
        self._loop, self._leaving = asyncio.get_running_loop(), asyncio.Event()

        def up(supervisor: Supervisor) -> None:
            self._supervisor = supervisor
            self._up.set()

        await self._serve(up, self._leaving)


def take_messages(broker: Broker, serve: Serve, *, queues: Mapping[str, object], concurrency: int) -> None:
    """Work until SIGTERM or SIGINT; what runs then is given back with its attempt uncounted.

    Call it in the main thread. Raises what kept the supervisor from starting.
    """
    app = broker.app()
    thread = SupervisorThread(serve)

    @app.task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator]
    def work(_job_id: str) -> str | None:
        return thread.work_one()

    from celery import signals

    def leave(**_: Any) -> None:
        thread.leave()
        # A broker that is away may keep Celery from ending; nothing is lost by going without it.
        last = threading.Timer(_LAST_SECONDS, os._exit, (0,))
        last.daemon = True
        last.start()

    signals.worker_shutting_down.connect(leave, weak=False)
    signals.setup_logging.connect(lambda **_: None, weak=False)  # ours stands
    thread.start()
    try:
        thread.wait_until_up()
        worker = app.Worker(
            hostname=f"{os.getpid()}@{socket.gethostname()}",
            queues=[f"{PREFIX}{name}" for name in queues],
            pool="threads",
            concurrency=concurrency,
            task_events=True,
            without_mingle=True,
            without_gossip=True,
            quiet=True,
        )
        worker.start()
    finally:
        thread.leave()
        thread.join()
    if thread.error is not None:
        raise CutroomError("worker.failed", f"The worker had to end: {thread.error}.") from thread.error
