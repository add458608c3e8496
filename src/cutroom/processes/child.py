"""The child's side: `python -m cutroom.processes.child LIMITS` runs work functions until its parent goes.

It imports only what it is asked to run, so that a spare child costs little to keep.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from queue import SimpleQueue
from typing import Any

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.processes import limits, pipe

REPORT_SECONDS = 0.1
"""The least time between two plain reports; one that names an event or a new stage goes at once."""


class Outlet:
    """The answering end of the pipe: whole lines, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def send(self, answer: pipe.Answer) -> None:
        """Write one answer; a parent that no longer reads ends this process."""
        left = memoryview(pipe.encode(answer))
        try:
            with self._lock:
                while left:
                    left = left[os.write(self._descriptor, left) :]
        except BrokenPipeError:
            leave()


class Reporter:
    """What a work function gets as `report`."""

    def __init__(self, outlet: Outlet, request: int) -> None:
        self._outlet = outlet
        self._request = request
        self._last = 0.0
        self._stage: object = None

    def __call__(self, progress: dict[str, Any]) -> None:
        """Send `{"fraction": 0..1, "stage": …}`, at most every `REPORT_SECONDS` unless it says something new."""
        now = time.monotonic()
        stage = progress.get("stage", self._stage)
        if now - self._last < REPORT_SECONDS and stage == self._stage and "event" not in progress:
            return
        self._last, self._stage = now, stage
        self._outlet.send(pipe.Answer(id=self._request, progress=progress))


def leave() -> None:
    """End this process and everything it started."""
    os.killpg(0, signal.SIGKILL)


def answer(outlet: Outlet, request: pipe.Request) -> pipe.Answer:
    """Run one request to its answer, whatever happens in it."""
    try:
        module, function = pipe.split_target(request.target)
        work = getattr(importlib.import_module(module), function)
        result = work(report=Reporter(outlet, request.id), **request.arguments)
        return pipe.Answer(id=request.id, done=True, result=result)
    except CutroomError as error:
        said = pipe.PipeError(code=error.code, message=error.message, hint=error.hint, kind=error.kind)
    except BaseException as error:  # the edge of the process: everything becomes an answer
        traceback.print_exc()
        said = explain(error)
    return pipe.Answer(id=request.id, error=said)


def explain(error: BaseException) -> pipe.PipeError:
    """An unexpected exception as one sentence."""
    number = getattr(error, "errno", None)
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return out_of_memory()
    if number in (errno.ENOSPC, errno.EDQUOT):
        return pipe.PipeError(
            code="storage.full",
            message="The disk is full; nothing was published.",
            hint="Free some space in the data directory, then retry the job.",
            kind=ErrorKind.NO_SPACE,
        )
    said = " ".join(str(error).split())
    name = type(error).__name__
    return pipe.PipeError(code="process.failed", message=f"{name}: {said}" if said else f"{name}.")


def out_of_memory() -> pipe.PipeError:
    """The answer when the child ran into its bound."""
    return pipe.PipeError(
        code="process.out-of-memory",
        message="The work needed more memory than a child may use.",
        hint="Raise CUTROOM_MEDIA_MEMORY_MIB, or run fewer jobs at once.",
    )


def listen(requests: SimpleQueue[bytes], descriptor: int) -> None:
    """Queue the parent's lines; its end of the pipe closing means that it has gone, however it went."""
    with os.fdopen(descriptor, "rb") as lines:
        for line in lines:
            requests.put(line)
    leave()


def claim_pipe() -> tuple[int, Outlet]:
    """Take standard input and output for the pipe, so that stray prints and libraries cannot reach it."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, Outlet(outgoing)


def main() -> None:
    """Serve requests one after another, for ever."""
    bounds = msgspec.json.decode(sys.argv[1], type=limits.Limits)
    limits.apply(bounds)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming, outlet = claim_pipe()
    requests: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=listen, args=(requests, incoming), daemon=True).start()
    outlet.send(pipe.Answer(id=0, done=True))  # ready
    for module in bounds.preload:
        importlib.import_module(module)
    while True:
        request = pipe.decode_request(requests.get())
        said = answer(outlet, request)
        try:
            outlet.send(said)
        except (TypeError, ValueError, OverflowError) as error:  # a result that JSON cannot carry
            outlet.send(pipe.Answer(id=request.id, error=explain(error)))


if __name__ == "__main__":
    main()
