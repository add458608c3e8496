"""Cutroom's embedded job runner against Celery on Redis, Huey and DBOS on SQLite: latency, CPU, and `kill -9`.

All workers do the same no-op, two at once, and run in turn. Counted is the CPU of the worker with its children, of the
broker, and of asking. Cutroom's jobs run in children that a crash cannot leave, and each of its steps is in the
database; Celery runs with its defaults, without results.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import servers
from bench.harness import ROOT, Claim
from bench.peers import jobs as peers
from bench.peers.jobs import Ask

SINGLES, BURST = 60, 200
WORK_SECONDS = 1.0
PATIENCE_SECONDS = 20.0
OURS, CELERY, HUEY, DBOS = "cutroom, embedded", "Celery + Redis", "Huey (SQLite)", "DBOS (SQLite)"
SEVERAL = "cutroom, another supervisor is there"

Say = Callable[[str], None]
Runs = dict[str, list[float]]


@dataclass(frozen=True)
class Contender:
    """A job runner: how its worker is started, and how to ask it."""

    name: str
    worker: str
    ask: Callable[[Path, str], AbstractContextManager[Ask]]
    crashing: str  # its worker when it is going to be killed
    redis: bool = False
    workers: int = 1  # when one is going to be killed


CONTENDERS = [
    Contender(OURS, "cutroom", lambda folder, _: peers.ask_cutroom(folder), "cutroom"),
    Contender(CELERY, "celery", lambda _, url: peers.ask_celery(url), "celery-late", redis=True),
    Contender(HUEY, "huey", lambda folder, _: peers.ask_huey(folder), "huey"),
    Contender(DBOS, "dbos", lambda folder, _: peers.ask_dbos(folder), "dbos"),
]
TAKEN_OVER = Contender(SEVERAL, "", lambda folder, _: peers.ask_cutroom(folder), "cutroom-one-of-several", workers=2)


def claims(*, rounds: int, say: Say) -> list[Claim]:
    """Every contender once a round, at its work and at its death."""
    runs: dict[str, Runs] = defaultdict(lambda: defaultdict(list))
    for number in range(1, rounds + 1):
        for contender in CONTENDERS:
            with _place(contender) as (folder, url):
                _at_work(contender, folder, url, runs[contender.name])
            took = {key: round(values[-1], 2) for key, values in runs[contender.name].items() if key in COSTS}
            say(f"round {number}/{rounds}  {contender.name}: {took}")
        with _place(CONTENDERS[0]) as (folder, url):
            _cancelled(CONTENDERS[0], folder, url, runs[OURS])
        for contender in (*CONTENDERS, TAKEN_OVER):
            with _place(contender) as (folder, url):
                _killed(contender, folder, url, runs[contender.name])
            took = {key: round(values[-1], 2) for key, values in runs[contender.name].items() if key not in COSTS}
            say(f"round {number}/{rounds}  {contender.name}, killed: {took}")
    return [*_costs(runs), *_crashes(runs)]


@contextmanager
def _place(contender: Contender) -> Iterator[tuple[Path, str]]:
    """A fresh folder, and a broker where one is needed."""
    folder = Path(tempfile.mkdtemp(prefix="cutroom-bench-jobs-"))
    for name in ("scratch", "published"):
        (folder / name).mkdir()
    try:
        if contender.redis:
            with servers.redis() as url:
                yield folder, url
        else:
            yield folder, ""
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Worker:
    """A worker's process tree, in a session of its own."""

    def __init__(self, name: str, folder: Path, url: str) -> None:
        command = [sys.executable, "-m", "bench.peers.jobs", name, str(folder), *([url] if url else [])]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        self.log = folder / "log.txt"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def tree(self) -> list[psutil.Process]:
        """Itself and what it started."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def cpu(self) -> float:
        """CPU seconds so far, of what has ended meanwhile too."""
        return sum(sum(process.cpu_times()[:4]) for process in self.tree())

    def kill(self) -> list[psutil.Process]:
        """`kill -9` to the worker alone; what it had started."""
        children = self.tree()[1:]
        self.process.kill()
        self.process.wait()
        return children


@contextmanager
def _working(name: str, folder: Path, url: str) -> Iterator[Worker]:
    worker = Worker(name, folder, url)
    children: list[psutil.Process] = []
    try:
        yield worker
    finally:
        if worker.process.poll() is None:
            children = worker.kill()
        for child in children:
            _end(child)


def _works(process: psutil.Process) -> bool:
    """Whether it is alive: a dead one may wait for the system to collect it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _end(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
        process.wait(5)
    except psutil.NoSuchProcess:
        return


# At work

COSTS = ("p50", "p95", "cpu", "speed")


def _at_work(contender: Contender, folder: Path, url: str, runs: Runs) -> None:
    with contender.ask(folder, url) as ask, _working(contender.worker, folder, url) as worker:
        for _ in range(4):  # until every process is warm
            _one(ask, folder, worker)
        waits = sorted(_one(ask, folder, worker) for _ in range(SINGLES))
        runs["p50"].append(statistics.median(waits))
        runs["p95"].append(waits[int(len(waits) * 0.95)])
        _burst(ask, folder, worker, url, runs)


def _one(ask: Ask, folder: Path, worker: Worker) -> float:
    """Milliseconds from asking to the start of the work."""
    before = len(_starts(folder))
    ask("note", str(folder), time.time_ns() // 1_000)
    asked, began = _wait_for(folder, before + 1, worker)[-1]
    time.sleep(0.02)  # it ends, and the runner rests
    return (began - asked) / 1e3


def _burst(ask: Ask, folder: Path, worker: Worker, url: str, runs: Runs) -> None:
    before, cpu, mine, started = len(_starts(folder)), worker.cpu() + _broker_cpu(url), time.process_time(), time.time()
    for _ in range(BURST):
        ask("note", str(folder), time.time_ns() // 1_000)
    mine = time.process_time() - mine
    last = max(began for _, began in _wait_for(folder, before + BURST, worker))
    time.sleep(0.3)  # the last ones are booked
    cpu = worker.cpu() + _broker_cpu(url) - cpu + mine
    runs["cpu"].append(cpu / BURST * 1e3)
    runs["speed"].append(BURST / (last / 1e6 - started))


def _starts(folder: Path) -> list[tuple[int, int]]:
    """When each job was asked for and when it began, in µs since the epoch."""
    file = folder / peers.STARTS
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(asked), int(began)) for asked, began in (line.split() for line in lines)]


def _wait_for(folder: Path, count: int, worker: Worker, seconds: float = 60.0) -> list[tuple[int, int]]:
    end = time.monotonic() + seconds
    while len(found := _starts(folder)) < count:
        if time.monotonic() > end or worker.process.poll() is not None:
            raise RuntimeError(f"{len(found)} of {count} jobs have begun: {worker.log.read_text()[-2000:]}")
        time.sleep(0.005)
    return found


def _broker_cpu(url: str) -> float:
    """CPU seconds of Redis so far."""
    if not url:
        return 0.0
    import redis

    with redis.Redis.from_url(url) as client:
        told = client.info("cpu")
    return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])


# Killed


def _killed(contender: Contender, folder: Path, url: str, runs: Runs) -> None:
    """`kill -9` in the middle of a job; another worker is started at once, or is there already."""
    with contender.ask(folder, url) as ask, ExitStack() as stack:
        workers = [stack.enter_context(_working(contender.crashing, folder, url)) for _ in range(contender.workers)]
        for worker in workers if len(workers) > 1 else []:
            _until(lambda worker=worker: len(worker.tree()) > peers.AT_ONCE, 60)  # type: ignore[misc]
        ask("slow", str(folder), WORK_SECONDS)
        _until(lambda: _begun(folder) == 1, 60)
        time.sleep(WORK_SECONDS / 3)
        victim = next(worker for worker in workers if len(workers) == 1 or worker.process.pid == _holder(folder))
        at, left = time.monotonic(), victim.kill()
        if len(workers) == 1:
            stack.enter_context(_working(contender.crashing, folder, url))
        again = _until(lambda: _begun(folder) == 2, PATIENCE_SECONDS)
        runs["again"].append(time.monotonic() - at if again else PATIENCE_SECONDS)
        runs["orphans"].append(sum(_works(process) for process in left))
        if again:
            _until(lambda: _published(folder) > 0, 30)
        time.sleep(1.0)  # a second copy would end now
        runs["published"].append(_published(folder))
        for process in left:
            _end(process)


def _holder(folder: Path) -> int:
    """The process id of the supervisor that has the job: its owner is `host:pid:chance`."""
    with closing(sqlite3.connect(folder / "cutroom.db")) as database:
        [(owner,)] = database.execute("SELECT lease_owner FROM jobs WHERE state = 'running'")
    return int(owner.split(":")[1])


def _cancelled(contender: Contender, folder: Path, url: str, runs: Runs) -> None:
    """Seconds from asking until the child that works is gone."""
    with contender.ask(folder, url) as ask, _working(contender.worker, folder, url) as worker:
        ask("slow", str(folder), 60.0)
        _until(lambda: _begun(folder) == 1, 60)
        children = worker.tree()[1:]
        at = time.monotonic()
        asyncio.run(peers.cancel_cutroom(folder))
        _until(lambda: not all(child.is_running() for child in children), 30)
        runs["cancelled"].append(time.monotonic() - at)


def _begun(folder: Path) -> int:
    """How often the slow work has begun: lines of the peers, folders of our attempts."""
    return max(len(_starts(folder)), *(int(path.parent.name.rpartition("-")[2]) for path in _outputs(folder)), 0)


def _outputs(folder: Path) -> list[Path]:
    return [*(folder / "scratch").glob("jobs/*/attempt-*/output.txt")]


def _published(folder: Path) -> int:
    """How often the slow work was seen through."""
    logs = [folder / peers.DONE, folder / "published" / "slow.log"]
    return sum(len(log.read_text().splitlines()) for log in logs if log.exists())


def _until(test: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# Claims


def _costs(runs: dict[str, Runs]) -> list[Claim]:
    found = [
        _against("enqueue to start, p50", "p50", "ms", runs, CELERY, 0.2),
        _against("CPU a job", "cpu", "ms", runs, CELERY, 0.1),
        _against("enqueue to start, p50", "p50", "ms", runs, HUEY, None),
        _against("CPU a job", "cpu", "ms", runs, HUEY, None),
        _against("enqueue to start, p50", "p50", "ms", runs, DBOS, None),
        _against("CPU a job", "cpu", "ms", runs, DBOS, None),
    ]
    for contender in CONTENDERS:
        of = runs[contender.name]
        found.append(_plain(f"enqueue to start, p95, {contender.name}", of["p95"], "ms"))
        found.append(_plain(f"a burst of {BURST}, {contender.name}", of["speed"], "jobs/s"))
    return found


def _crashes(runs: dict[str, Runs]) -> list[Claim]:
    most = peers.LEASE_SECONDS + 2
    found = []
    for name in (OURS, SEVERAL):
        of = runs[name]
        found.append(_plain(f"killed to run again, {name}", of["again"], "s", most))
        found.append(_plain(f"killed: published more than once, {name}", [abs(n - 1) for n in of["published"]], "", 0))
        found.append(_plain(f"killed: orphans, {name}", of["orphans"], "processes", 0))
    found.append(_plain("cancelled: until the child is gone", runs[OURS]["cancelled"], "s", 1))
    for name in (CELERY, HUEY, DBOS):
        again = runs[name]["again"]
        never = min(again) >= PATIENCE_SECONDS
        note = f"not run again within {PATIENCE_SECONDS:g} s" if never else ""
        orphans = f"{statistics.median(runs[name]['orphans']):g} processes left"
        found.append(_plain(f"killed to run again, {name}", again, "s", note=f"{note}; {orphans}".lstrip("; ")))
    return found


def _against(name: str, key: str, unit: str, runs: dict[str, Runs], peer: str, target: float | None) -> Claim:
    pairs = list(zip(runs[OURS][key], runs[peer][key], strict=True))
    ratios = [ours / theirs for ours, theirs in pairs]
    value = statistics.median(ratios)
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Claim(
        name=f"{name} / {peer}",
        value=round(value, 3),
        unit="x",
        target="" if target is None else f"<= {target:g}",
        held=None if target is None else value <= target,
        runs=[round(ratio, 3) for ratio in ratios],
        peer=peer,
        note=f"{ours:.2f} against {theirs:.2f} {unit}, medians",
    )


def _plain(name: str, runs: list[float], unit: str, most: float | None = None, note: str = "") -> Claim:
    value = statistics.median(runs)
    return Claim(
        name=name,
        value=round(value, 2),
        unit=unit,
        target="" if most is None else f"<= {most:g}",
        held=None if most is None else max(runs) <= most,
        runs=[round(run, 2) for run in runs],
        peer="",
        note=note,
    )
