"""The same work in each job runner: its worker, `python -m bench.peers.jobs NAME FOLDER [REDIS_URL]`, and how to ask.

The work notes in a file of the folder when it was asked for and when it began. Two jobs at once everywhere. Runners
that poll do so every 50 ms, much oftener than by default.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cutroom.db.engine import Database, Transaction
from cutroom.db.upgrade import upgrade
from cutroom.jobs import testing
from cutroom.jobs.models import Job, JobKind, JobState
from cutroom.jobs.service import JobService
from cutroom.worker.leaving import listen, run_until
from cutroom.worker.supervisor import QueuePlan, Supervisor

Ask = Callable[..., object]  # the name of the work, and its arguments in order

AT_ONCE = 2
LEASE_SECONDS = 2.0
POLL_SECONDS = 0.05
STARTS, DONE = "starts.txt", "done.txt"


def note(folder: str, asked: int) -> None:
    """The no-op: say when it began (both instants in µs since the epoch)."""
    _append(Path(folder) / STARTS, f"{asked} {time.time_ns() // 1_000}")


def slow(folder: str, seconds: float) -> None:
    """Work that is killed half-way: a line at its start, another one at its end."""
    note(folder, 0)
    time.sleep(seconds)
    _append(Path(folder) / DONE, "done")


def _append(path: Path, line: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


# Cutroom


def kinds(folder: Path) -> list[JobKind]:
    """`note` tells when it began in its result; `slow` writes a file, whose publication is what counts."""

    async def prepare(_tx: Transaction, job: Job) -> dict[str, Any]:
        return job.payload

    async def publish(_tx: Transaction, _job: Job, result: dict[str, Any]) -> dict[str, Any]:
        _append(folder / STARTS, f"{result['asked']} {result['began_at']}")
        return {}

    echo = JobKind(name="note", queue="bench", target="cutroom.jobs.testing:echo", prepare=prepare, publish=publish)
    return [echo, testing.kind("slow", queue="bench", published=folder / "published")]


async def supervise(folder: Path, *, alone: bool) -> None:
    """The embedded runner; `alone` as beside one server, otherwise as one worker of several."""
    leaving = asyncio.Event()
    listen(leaving)
    database = Database(f"sqlite:///{folder}/cutroom.db", direct=True)
    supervisor = Supervisor(
        database=database,
        jobs=JobService(database, kinds(folder)),
        scratch=folder / "scratch",
        queues={"bench": QueuePlan(size=AT_ONCE, warm=AT_ONCE, preload=("cutroom.jobs.testing",))},
        lease_seconds=LEASE_SECONDS,
        alone=alone,
    )
    await run_until(supervisor, leaving)
    await database.close()


@contextmanager
def ask_cutroom(folder: Path) -> Iterator[Ask]:
    """One transaction a job, as a request makes it."""
    database = Database(f"sqlite:///{folder}/cutroom.db")
    jobs = JobService(database, kinds(folder))

    async def enqueue(name: str, value: float) -> None:
        async with database.transaction() as tx:
            payload = {"asked": value} if name == "note" else {"seconds": value}
            await jobs.enqueue(tx, kind=name, payload=payload, subject=name, title=name)

    with asyncio.Runner() as runner:
        runner.run(upgrade(database, sqlite_path=None))
        yield lambda name, _folder, value: runner.run(enqueue(name, value))
        runner.run(database.close())


async def cancel_cutroom(folder: Path) -> None:
    """Cancel whatever runs."""
    database = Database(f"sqlite:///{folder}/cutroom.db")
    jobs = JobService(database, kinds(folder))
    async with database.transaction() as tx:
        for job in (await jobs.list(tx.conn, state=JobState.RUNNING)).items:
            await jobs.cancel(tx, job.id)
    await database.close()


# Celery


def celery(url: str, *, late: bool) -> Any:
    """The application; `late` acknowledges after the work."""
    from celery import Celery

    app = Celery("bench", broker=url)
    app.conf.update(task_ignore_result=True, task_acks_late=late, task_reject_on_worker_lost=late)
    app.conf.broker_connection_retry_on_startup = True
    app.task(name="note")(note)
    app.task(name="slow")(slow)
    return app


def run_celery(url: str, *, late: bool) -> None:
    """Its prefork worker, without talk to other workers."""
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"]
    celery(url, late=late).worker_main(["worker", f"--concurrency={AT_ONCE}", *quiet])


@contextmanager
def ask_celery(url: str) -> Iterator[Ask]:
    """A message a job."""
    app = celery(url, late=False)
    yield lambda name, *arguments: app.tasks[name].delay(*arguments)
    app.close()


# Huey


def huey(folder: Path) -> Any:
    """On a SQLite file."""
    from huey import SqliteHuey

    return SqliteHuey("bench", filename=str(folder / "huey.db"), results=False)


def run_huey(folder: Path) -> None:
    """Its consumer with process workers."""
    options = {"initial_delay": POLL_SECONDS, "max_delay": POLL_SECONDS, "periodic": False}
    app = huey(folder)
    for work in (note, slow):
        app.task(name=work.__name__)(work)
    app.create_consumer(workers=AT_ONCE, worker_type="process", **options).run()


@contextmanager
def ask_huey(folder: Path) -> Iterator[Ask]:
    """A row a job."""
    app = huey(folder)
    tasks = {work.__name__: app.task(name=work.__name__)(work) for work in (note, slow)}
    yield lambda name, *arguments: tasks[name](*arguments)
    app.storage.close()


# DBOS


def dbos_url(folder: Path) -> str:
    """Where it keeps its state."""
    return f"sqlite:///{folder}/dbos.db"


def run_dbos(folder: Path) -> None:
    """An executor with one queue."""
    from dbos import DBOS

    DBOS(config={"name": "bench", "system_database_url": dbos_url(folder)})
    DBOS.workflow(name="note")(note)
    DBOS.workflow(name="slow")(slow)
    DBOS.launch()
    DBOS.register_queue("bench", worker_concurrency=AT_ONCE, polling_interval_sec=POLL_SECONDS)
    while True:
        time.sleep(60)


@contextmanager
def ask_dbos(folder: Path) -> Iterator[Ask]:
    """Its client, from another process, as a web server would."""
    from dbos import DBOS, DBOSClient

    DBOS.migrate(dbos_url(folder))
    client = DBOSClient(system_database_url=dbos_url(folder))
    yield lambda name, *arguments: client.enqueue({"queue_name": "bench", "workflow_name": name}, *arguments)
    client.destroy()


def main(name: str, folder: Path, url: str = "") -> None:
    """Work until killed."""
    workers: dict[str, Callable[[], None]] = {
        "cutroom": lambda: asyncio.run(supervise(folder, alone=True)),
        "cutroom-one-of-several": lambda: asyncio.run(supervise(folder, alone=False)),
        "celery": lambda: run_celery(url, late=False),
        "celery-late": lambda: run_celery(url, late=True),
        "huey": lambda: run_huey(folder),
        "dbos": lambda: run_dbos(folder),
    }
    workers[name]()


if __name__ == "__main__":
    from bench.peers.jobs import main  # runners name work after its module, which must not be __main__

    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
