"""Work without media, its job kind, and a runner without processes: for tests and the runner's own benchmark.

Shipped, because a target must be inside the package, and because domains test their kinds with `run_queued`.
"""

from __future__ import annotations

import importlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core.errors import CutroomError
from cutroom.db.engine import Transaction
from cutroom.jobs.leases import Leases
from cutroom.jobs.models import Job, JobKind
from cutroom.processes.pipe import split_target

Report = Callable[[dict[str, Any]], None]


def nothing(*, report: Report, **_: Any) -> None:
    """Return at once."""


def echo(*, report: Report, **arguments: Any) -> dict[str, Any]:
    """Return the arguments, the process id and the instant (µs since the epoch) at which the work began."""
    return {**arguments, "process": os.getpid(), "began_at": time.time_ns() // 1_000}


def write_slowly(
    *, report: Report, output: str, seconds: float = 1.0, lines: int = 10, events: bool = False, **_: Any
) -> dict[str, Any]:
    """Write a file line by line over `seconds`, reporting; the file is whole only at the end."""
    with Path(output).open("w", encoding="ascii") as file:
        for number in range(lines):
            file.write(f"{number}\n")
            file.flush()
            progress: dict[str, Any] = {"fraction": (number + 1) / lines, "stage": "writing"}
            report({**progress, "event": "line", "number": number} if events else progress)
            time.sleep(seconds / lines)
    return {"lines": lines, "output": output, "process": os.getpid()}


def spawn_and_sleep(*, report: Report, pids: str, seconds: float = 60.0, **_: Any) -> None:
    """Start a grandchild in the same group, write both process ids, and sleep, as work with an encoder does."""
    grandchild = os.fork()
    if grandchild == 0:
        time.sleep(seconds)
        os._exit(0)
    aside = Path(f"{pids}.part")
    aside.write_text(f"{os.getpid()} {grandchild}")
    aside.replace(pids)
    time.sleep(seconds)


def crash(*, report: Report, **_: Any) -> None:
    """Die of a signal, as a codec with a bug does."""
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(*, report: Report, status: int = 3, **_: Any) -> None:
    """End the process without an answer."""
    os._exit(status)


def stumble(*, report: Report, **_: Any) -> None:
    """Raise an exception that nobody expected."""
    raise KeyError("duration")


def refuse(*, report: Report, **_: Any) -> None:
    """Raise an expected error."""
    raise CutroomError("media.damaged", "The file ends in the middle of its index.")


def fill_disk(*, report: Report, output: str, **_: Any) -> None:
    """Write until the disk is full."""
    with Path(output).open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()


def grow(*, report: Report, **_: Any) -> int:
    """Take memory until there is none."""
    kept = []
    while True:
        kept.append(bytearray(64 << 20))


def environment(*, report: Report) -> dict[str, str]:
    """What the child sees of the environment."""
    return dict(os.environ)


def open_files(*, report: Report) -> list[str]:
    """What the child has open."""
    return [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]


def chatter(*, report: Report, text: str, **_: Any) -> str:
    """Print to standard output and error, then answer."""
    print(text, flush=True)
    os.write(1, text.encode())
    os.write(2, text.encode())
    return text


def kind(
    name: str = "write",
    *,
    queue: str = "test",
    function: str = "write_slowly",
    published: Path | None = None,
    **more: Any,
) -> JobKind:
    """A kind whose arguments are the job's payload plus `output`, a file in the attempt's folder.

    Publishing moves that file to `published/SUBJECT` and, beside it, appends a line to `SUBJECT.log`: two lines
    would mean that it was published twice.
    """

    async def prepare(_tx: Transaction, job: Job) -> dict[str, Any]:
        output = {} if job.work_dir is None else {"output": str(job.work_dir / "output.txt")}
        return {**output, **job.payload}

    async def publish(_tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any]:
        if published is not None:
            _move(Path(result["output"]), published, job)
        return result

    return JobKind(
        name=name, queue=queue, target=f"cutroom.jobs.testing:{function}", prepare=prepare, publish=publish, **more
    )


def _move(output: Path, published: Path, job: Job) -> None:
    output.replace(published / job.subject)
    with (published / f"{job.subject}.log").open("a") as file:
        file.write(f"{job.id} {job.fence}\n")


async def run_queued(leases: Leases, kinds: dict[str, JobKind], queue: str, scratch: Path) -> list[Job]:
    """Run every job of a queue that may start, in this process and one after another; returns how they ended.

    The same verbs as the supervisor's, without children: what a domain's tests need.
    """
    ended = []
    while (job := await leases.claim(queue)) is not None:
        work_dir = scratch / "jobs" / job.id / f"attempt-{job.fence}"
        work_dir.mkdir(parents=True)
        ended.append(await _run(leases, kinds[job.kind], msgspec.structs.replace(job, work_dir=work_dir)))
    return ended


async def _run(leases: Leases, kind: JobKind, job: Job) -> Job:
    module, function = split_target(kind.target)
    events: list[dict[str, Any]] = []
    try:
        async with leases.transaction() as tx:
            await leases.begin(tx, job, None)
            arguments = await kind.prepare(tx, job)
        if arguments is None:
            return await leases.finish(job, None)
        result = getattr(importlib.import_module(module), function)(report=events.append, **arguments)
        for event in events:
            if "event" in event and kind.progress is not None:
                async with leases.transaction() as tx:
                    await leases.hold(tx, job)
                    await kind.progress(tx, job, event)
        found = msgspec.to_builtins(result) if result is not None else {}
        return await leases.finish(job, found if kind.deliver is None else await kind.deliver(job, arguments, found))
    except CutroomError as error:
        return await leases.fail(job, error.document, retry=False)
