"""What kept scans promise, on SQLite and, where CUTROOM_TEST_POSTGRES_URL names a server, on PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from alembic import command
from sqlalchemy import Connection, inspect

from cutroom.db.engine import Database
from cutroom.db.upgrade import _config
from cutroom.inspection.batch import Row, row_of
from cutroom.inspection.files import Candidate
from cutroom.inspection.findings import to_findings, to_verdict
from cutroom.inspection.models import Mode, Status, Summary, Verdict
from cutroom.inspection.scan_history import ScanHistory
from cutroom.inspection.scans import Scan, ScanRequest, ScanService
from cutroom.media.containers import Fault

ODD = Path(os.fsdecode(b"/footage/\xff\xfe\nodd.mp4"))


@pytest.fixture
def scans(database: Database) -> ScanService:
    return ScanService(database)


def asked(mode: Mode = Mode.STANDARD, **more: object) -> ScanRequest:
    return ScanRequest(roots=(Path("/footage"),), mode=mode, **more)  # type: ignore[arg-type]


def a_file(path: Path = ODD, *, size: int = 1000, mtime_ns: int = 1_700_000_000_000_000_001) -> Candidate:
    return Candidate(path, size, None, mtime_ns)


def verdict(mode: Mode, code: str | None = None) -> Verdict:
    faults = [Fault(code=code, message="It is so.", start_seconds=1.0)] if code else []
    return to_verdict(to_findings(faults), mode, duration_seconds=4.0, seconds_spent=0.1)


async def kept(scans: ScanService, scan: Scan, file: Candidate) -> Status | None:
    found = await scans.kept(scan, [file])
    return found[file.path].report.status if file.path in found else None


async def put(
    scans: ScanService, scan: Scan, file: Candidate, code: str | None = None, *, content_hash: str | None = None
) -> None:
    report = row_of(file, verdict(scan.request.mode, code), content_hash)
    await scans.keep(scan, [Row(report, file.size_bytes, file)])


def summary(files: int = 1) -> Summary:
    return Summary(files=files, bytes=1000, seconds=1.0, statuses={"healthy": files})


async def test_a_verdict_holds_until_size_age_or_depth_change(scans: ScanService) -> None:
    scan = await scans.begin(asked(Mode.STANDARD))
    await put(scans, scan, a_file(), "decode.failed")
    await scans.end(scan, summary(), whole=True)
    again = await scans.begin(asked(Mode.STANDARD))
    found = (await scans.kept(again, [a_file()]))[ODD].report
    assert (found.status, found.kept, found.findings[0].start_seconds) == (Status.CORRUPT, True, 1.0)
    assert found.path == "/footage/\\xff\\xfe\nodd.mp4"
    assert await kept(scans, again, a_file(size=1001)) is None
    assert await kept(scans, again, a_file(mtime_ns=1_700_000_000_000_000_002)) is None
    assert await kept(scans, await scans.begin(asked(Mode.QUICK)), a_file()) is Status.CORRUPT
    assert await kept(scans, await scans.begin(asked(Mode.DEEP)), a_file()) is None
    assert await kept(scans, await scans.begin(asked(rescan=True)), a_file()) is None


async def test_older_rules_do_not_hold(scans: ScanService, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(scans, await scans.begin(asked()), a_file())
    monkeypatch.setattr("cutroom.inspection.scans.RULES_VERSION", 999)
    assert await kept(scans, await scans.begin(asked()), a_file()) is None


@pytest.mark.parametrize("code", ["file.timed-out", "file.crashed", "file.unreadable"])
async def test_what_says_nothing_about_the_content_is_tried_again_by_the_next_run(
    scans: ScanService, code: str
) -> None:
    scan = await scans.begin(asked())
    await put(scans, scan, a_file(), code)
    assert await kept(scans, await scans.begin(asked()), a_file()) is not None, "the same run does not try twice"
    await scans.end(scan, summary(), whole=True)
    assert await kept(scans, await scans.begin(asked()), a_file()) is None


@pytest.mark.parametrize("request_", [asked(Mode.FULL), asked(rescan=True), asked()])
async def test_an_open_scan_is_gone_on_with_unless_refused(scans: ScanService, request_: ScanRequest) -> None:
    first = await scans.begin(request_)
    await put(scans, first, a_file())
    await scans.end(first, summary(), whole=False)
    second = await scans.begin(request_)
    assert (second.id, await kept(scans, second, a_file())) == (first.id, Status.HEALTHY)
    third = await scans.begin(request_, resume=False)
    assert (third.id != first.id, await kept(scans, third, a_file())) == (True, None)
    assert (await scans.begin(request_)).id == third.id


async def test_the_deepest_look_counts_and_of_those_the_newest(scans: ScanService) -> None:
    for mode, code in ((Mode.DEEP, "decode.failed"), (Mode.STANDARD, None)):
        scan = await scans.begin(asked(mode, rescan=True))
        await put(scans, scan, a_file(), code)
        await scans.end(scan, summary(), whole=True)
    scan = await scans.begin(asked(Mode.STANDARD))
    assert await kept(scans, scan, a_file()) is Status.CORRUPT


async def test_a_baseline_is_the_newest_checksum_of_a_sound_file(scans: ScanService) -> None:
    for code, digest in ((None, "xxh3-128:1"), ("file.other-container", "xxh3-128:2"), ("decode.failed", "xxh3-128:3")):
        await put(scans, await scans.begin(asked(Mode.FULL)), a_file(), code, content_hash=digest)
    baseline = (await scans.baselines([a_file()]))[ODD]
    assert (baseline.content_hash, baseline.current, baseline.status) == ("xxh3-128:2", True, Status.NOTE)


async def test_history_trend_and_statistics(scans: ScanService, database: Database) -> None:
    history = ScanHistory(database)
    for code in (None, "decode.failed"):
        scan = await scans.begin(asked(rescan=True))
        await put(scans, scan, a_file(), code)
        await put(scans, scan, a_file(Path("/footage/b.mp4")))
        await scans.end(scan, summary(2), whole=True)
    assert [past.report.status for past in await history.of_file(ODD)] == [Status.CORRUPT, Status.HEALTHY]
    assert [(past.files, past.state) for past in await history.trend()] == [(2, "done"), (2, "done")]
    assert await history.statistics() == {"results": 4, "files": 2, "statuses": {"corrupt": 1, "healthy": 1}}


async def test_clearing_up_spares_the_newest_results_and_the_checksum(scans: ScanService, database: Database) -> None:
    history = ScanHistory(database)
    await put(scans, await scans.begin(asked(Mode.FULL)), a_file(), content_hash="xxh3-128:1")
    for _ in range(5):
        scan = await scans.begin(asked(rescan=True))
        await put(scans, scan, a_file())
        await scans.end(scan, summary(), whole=True)
    assert await history.clean_up(keep=2, older_than_days=1) == {"results": 0, "scans": 0}
    assert await history.clean_up(keep=2) == {"results": 3, "scans": 0}
    assert [past.report.content_hash for past in await history.of_file(ODD)] == [None, None, "xxh3-128:1"]


async def test_the_revision_can_be_taken_back(database: Database) -> None:
    def down_and_up(conn: Connection) -> tuple[set[str], set[str]]:
        config = _config()
        config.attributes["connection"] = conn
        command.downgrade(config, "0001")
        lower = set(inspect(conn).get_table_names())
        command.upgrade(config, "0002")
        upper = set(inspect(conn).get_table_names())
        command.upgrade(config, "head")
        return lower, upper

    async with database.engine.connect() as conn:
        writer = await conn.execution_options(cutroom_write="FULL")
        async with writer.begin():
            lower, upper = await writer.run_sync(down_and_up)
    assert upper - lower == {"scans", "scan_results", "scan_files", "scan_schedules", "file_hashes"}


def test_a_request_is_its_own_key() -> None:
    assert asked().digest == asked().digest
    others = [asked(Mode.DEEP), asked(rescan=True), asked(recursive=False), asked(extensions=("mp4",))]
    others.append(msgspec.structs.replace(asked(), roots=(ODD,)))
    assert len({one.digest for one in [asked(), *others]}) == 6
