"""A scan of the server is killed in the middle, in every way there is: each file's verdict is kept exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import psutil
import pytest

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import Settings
from cutroom.inspection.models import Mode
from cutroom.inspection.scan_models import Origin, ScanRow
from cutroom.media.sample import make_footage
from tests.conftest import WHOLE

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]
whole = pytest.mark.skipif(not WHOLE, reason="it takes long; run: make faults")

ROOT = Path(__file__).parents[2]
FILES = 300 if WHOLE else 120


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("footage") / "one.mp4"
    make_footage(path, seconds=2, rate=Fraction(25), width=192, height=108)
    return path.read_bytes()


class House:
    """A data directory, its job runner as a process, and a folder of tiny films."""

    def __init__(self, root: Path, footage: bytes) -> None:
        self.data, self.films = root / "data", root / "films"
        self.films.mkdir()
        for number in range(FILES):
            (self.films / f"{number:03}.mp4").write_bytes(footage)
        self.log = root / "log.txt"
        self.worker: subprocess.Popen[bytes] | None = None

    def run(self, **settings: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "CUTROOM_JOBS_SCAN": "1", **settings}
        command = [sys.executable, "-m", "cutroom.worker", "--data", str(self.data)]
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(
                command, stdin=subprocess.PIPE, stderr=log, env=environment, start_new_session=True
            )
        return self.worker

    def start(self, mode: Mode = Mode.DEEP, **more: Any) -> str:
        async def begin(cutroom: Cutroom) -> ScanRow:
            request = cutroom.scan_jobs.request_of([str(self.films)], mode, **more)
            async with cutroom.database.transaction() as tx:
                return await cutroom.scan_jobs.start(tx, request, origin=Origin.PAGE)

        return asyncio.run(self._with(begin)).id

    def cancel(self, scan_id: str) -> None:
        async def end(cutroom: Cutroom) -> None:
            async with cutroom.database.transaction() as tx:
                await cutroom.scan_jobs.cancel(tx, scan_id)

        asyncio.run(self._with(end))

    def resume(self, scan_id: str) -> None:
        async def again(cutroom: Cutroom) -> None:
            async with cutroom.database.transaction() as tx:
                await cutroom.scan_jobs.resume(tx, scan_id)

        asyncio.run(self._with(again))

    async def _with(self, work: Callable[[Cutroom], Any]) -> Any:
        cutroom = container.build(Settings(data=self.data))
        await container.start(cutroom)
        try:
            return await work(cutroom)
        finally:
            await cutroom.database.close()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.data / "cutroom.db", timeout=10) as conn:
            return conn.execute(query).fetchall()

    def results(self) -> int:
        return int(self.ask("SELECT count(*) FROM scan_results")[0][0])

    def until(self, true: Callable[[], bool], seconds: float = 300) -> None:
        # A scan steps back for everything else: beside other work on the machine it takes minutes to begin.
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.02)

    def under_way(self) -> None:
        """Wait until the scan has kept something and is not through."""
        self.until(lambda: self.results() > 0)
        assert self.results() < FILES

    def state(self) -> str:
        return str(self.ask("SELECT state FROM scans")[0][0])

    def children(self) -> tuple[psutil.Process, list[psutil.Process]]:
        """The child that runs the scan, and those that read files for it."""
        assert self.worker is not None
        for child in psutil.Process(self.worker.pid).children():
            if inner := child.children():
                return child, inner
        raise AssertionError("no scan is running")

    def once_each(self) -> None:
        """Every film has one verdict, and is listed once."""
        assert self.ask("SELECT count(*), count(DISTINCT path) FROM scan_results") == [(FILES, FILES)]
        assert self.ask("SELECT count(*), count(DISTINCT path) FROM scan_files") == [(FILES, FILES)]


@pytest.fixture
def house(tmp_path: Path, footage: bytes) -> Iterator[House]:
    made = House(tmp_path, footage)
    yield made
    if made.worker is not None:
        made.worker.kill()
        made.worker.wait()


def test_the_supervisor_is_killed_and_another_goes_on(house: House) -> None:
    house.start()
    worker = house.run()
    house.under_way()
    scan, readers = house.children()
    worker.kill()
    worker.wait()
    psutil.wait_procs([scan, *readers], timeout=60)
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in (scan, *readers))
    kept = house.results()
    assert 0 < kept < FILES
    house.run()
    house.until(lambda: house.state() == "done")
    house.once_each()
    assert house.ask("SELECT min(id) FROM scan_results") == [(1,)]  # what was kept was not read again


@whole
def test_the_child_that_scans_is_killed(house: House) -> None:
    house.start()
    house.run()
    house.under_way()
    house.children()[0].kill()
    house.until(lambda: house.state() == "done")
    house.once_each()
    assert house.ask("SELECT attempts FROM jobs WHERE kind = 'scan'") == [(2,)]


@whole
def test_a_crashing_reader_costs_one_verdict_and_a_hanging_one_its_deadline(house: House) -> None:
    house.start(max_seconds_per_file=2.0)
    house.run()
    house.until(lambda: house.results() > 0)
    house.children()[1][0].send_signal(signal.SIGSEGV)
    house.until(lambda: house.ask("SELECT 1 FROM scan_results WHERE status = 'crashed'") != [])
    house.until(lambda: bool(house.children()[1]))
    house.children()[1][0].suspend()
    house.until(lambda: house.state() == "done")
    house.once_each()
    found = dict(house.ask("SELECT status, count(*) FROM scan_results GROUP BY status"))
    assert found == {"healthy": FILES - 2, "crashed": 1, "timed-out": 1}


@whole
def test_a_cancelled_scan_keeps_what_it_found_and_goes_on_when_asked(house: House) -> None:
    scan_id = house.start()
    house.run()
    house.under_way()
    house.cancel(scan_id)
    house.until(lambda: house.state() == "stopped")
    kept = house.results()
    assert 0 < kept < FILES
    house.resume(scan_id)
    house.until(lambda: house.state() == "done")
    house.once_each()
    assert house.ask(f"SELECT count(*) FROM scan_results WHERE id <= {kept}") == [(kept,)]


@whole
def test_a_locked_database_ends_in_one_sentence_and_the_scan_can_be_resumed(house: House) -> None:
    scan_id = house.start()
    house.run(CUTROOM_DATABASE_BUSY_SECONDS="0.3")
    house.under_way()
    lock = sqlite3.connect(house.data / "cutroom.db", timeout=10, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    time.sleep(2.5)
    lock.execute("ROLLBACK")
    lock.close()
    house.until(lambda: house.state() in ("done", "stopped"))
    if house.state() == "stopped":
        house.resume(scan_id)
        house.until(lambda: house.state() == "done")
    house.once_each()
    assert "Traceback" not in house.log.read_text()
