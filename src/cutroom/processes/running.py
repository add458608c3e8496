"""The parent's side of one child: start it, run work in it, and end it with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import subprocess
from collections.abc import Callable
from typing import IO, Any

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.processes import groups, launch, pipe
from cutroom.processes.child import out_of_memory
from cutroom.processes.groups import ProcessGroup
from cutroom.processes.limits import Limits

log = logging.getLogger(__name__)

Progress = Callable[[dict[str, Any]], None]

TAIL_BYTES = 16 << 10
_LINE_BYTES = 256 << 20  # a verdict with very many findings is still one line
_READY_SECONDS = 60.0


class Child:
    """A warm process that runs one work function at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Use `Child.start`."""
        started = groups.start_of(process.pid)
        self.group = ProcessGroup(id=process.pid, started=started or 0.0)
        self.runs = 0
        self._process = process
        self._numbers = itertools.count(1)
        self._ended = asyncio.get_running_loop().create_future()
        self._tail = _Tail()
        self._killed = False
        self._memory_kills = groups.memory_kills()
        self._transports: list[asyncio.BaseTransport] = []

    @classmethod
    async def start(cls, limits: Limits) -> Child:
        """Start a child and wait until it is ready for work."""
        child = cls(launch.start_child(limits))
        try:
            await child._connect()
            async with asyncio.timeout(_READY_SECONDS):
                await child._answer()
        except BaseException:
            child.kill()
            raise
        return child

    @property
    def alive(self) -> bool:
        """Whether it can take work."""
        return not self._killed and not self._ended.done()

    async def run(
        self, target: str, arguments: dict[str, Any], *, deadline_seconds: float | None, on_progress: Progress | None
    ) -> Any:
        """Run `target(report=…, **arguments)` and return its result as plain JSON values.

        Raises what the work raised, or `process.timed-out`, `process.crashed`, `process.out-of-memory`,
        `process.cancelled`; after any of these four, and when the awaiting task is cancelled, the child is dead.
        """
        self.runs += 1
        self._tail.clear()
        number = next(self._numbers)
        self._input.write(pipe.encode(pipe.Request(id=number, target=target, arguments=arguments)))
        try:
            async with asyncio.timeout(deadline_seconds):
                while True:
                    answer = await self._answer()
                    if answer.progress is not None:
                        if on_progress is not None:
                            on_progress(answer.progress)
                        continue
                    break
        except TimeoutError:
            self.kill()
            raise _timed_out(deadline_seconds or 0) from None
        except BaseException:
            self.kill()
            raise
        if answer.error is None:
            return answer.result
        if answer.error.code in {"process.failed", "process.out-of-memory"}:
            log.warning("%s: %s\n%s", target, answer.error.message, self._tail.text())
        raise answer.error.raised()

    def printed(self) -> str:
        """The end of what the work of the latest run has printed."""
        return self._tail.text()

    def kill(self) -> None:
        """SIGKILL to the whole group, at once."""
        self._killed = True
        # Until the exit is collected the number is ours, even when the process is already dead.
        if not self._ended.done():
            groups.kill(self.group.id)

    async def wait(self) -> None:
        """Until the child has gone; what it started was killed with it."""
        await asyncio.shield(self._ended)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        _watch_exit(self._process, self._on_exit)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._output = asyncio.StreamReader(limit=_LINE_BYTES)
        reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(self._output), process.stdout)
        noise, _ = await loop.connect_read_pipe(lambda: self._tail, process.stderr)
        self._input = await _write_pipe(process.stdin)
        self._transports = [reading, noise, self._input]

    async def _answer(self) -> pipe.Answer:
        try:
            line = await self._output.readline()
            if line.endswith(b"\n"):
                return pipe.decode_answer(line)
        except (msgspec.DecodeError, ValueError, ConnectionError):
            self.kill()
        # A closed pipe with the process still there happens when the work closed it: that is a crash as well.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), 1)
        raise self._post_mortem()

    def _post_mortem(self) -> CutroomError:
        code = self._process.returncode
        if self._killed and code in (None, -signal.SIGKILL):
            return CutroomError("process.cancelled", "The work was stopped.", kind=ErrorKind.CONFLICT)
        log.warning("Child %d ended with %s\n%s", self.group.id, code, self._tail.text())
        if code == -signal.SIGKILL and groups.memory_kills() > self._memory_kills:
            return out_of_memory().raised()
        by_signal = code is not None and code < 0
        how = f"was killed by {_signal_name(-code)}" if by_signal else f"ended with status {code}"
        return CutroomError("process.crashed", f"The working process {how}.", kind=ErrorKind.FAILED)

    def _on_exit(self) -> None:
        # The dead leader is not collected yet, so its number cannot have been given to anybody else.
        groups.kill(self.group.id)
        self._process.wait()
        if not self._ended.done():
            self._ended.set_result(None)
        for transport in self._transports[1:]:
            transport.close()


class _Tail(asyncio.Protocol):
    """The last bytes of what the child printed."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def data_received(self, data: bytes) -> None:
        self._kept += data
        del self._kept[:-TAIL_BYTES]

    def clear(self) -> None:
        self._kept.clear()

    def text(self) -> str:
        return self._kept.decode(errors="replace").strip()


async def _write_pipe(stream: IO[bytes]) -> asyncio.WriteTransport:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, stream)
    return transport


def _watch_exit(process: subprocess.Popen[bytes], callback: Callable[[], None]) -> None:
    """Call back in the loop once the process is dead and before its exit status is collected."""
    loop = asyncio.get_running_loop()
    if not hasattr(os, "pidfd_open"):
        waiting = loop.run_in_executor(None, os.waitid, os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        waiting.add_done_callback(lambda _: callback())
        return
    descriptor = os.pidfd_open(process.pid)

    def ended() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        callback()

    loop.add_reader(descriptor, ended)


def _timed_out(seconds: float) -> CutroomError:
    return CutroomError(
        "process.timed-out",
        f"The work did not finish within {seconds:g} seconds and was stopped.",
        kind=ErrorKind.FAILED,
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
