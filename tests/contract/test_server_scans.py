"""What scans of the server promise, on SQLite and, where CUTROOM_TEST_POSTGRES_URL names a server, on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, select

from cutroom.bootstrap.container import Cutroom
from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorDocument
from cutroom.db.engine import Transaction
from cutroom.db.upgrade import _config
from cutroom.events.tables import outbox
from cutroom.inspection import schedule_store, schedules
from cutroom.inspection.batch import Row, row_of
from cutroom.inspection.events import DamageFound, ScanFinished
from cutroom.inspection.files import Candidate
from cutroom.inspection.findings import to_findings, to_verdict
from cutroom.inspection.hashes import KeptHashes
from cutroom.inspection.models import Mode, Status, Verdict
from cutroom.inspection.scan_models import Origin, ScanRow, ScanState
from cutroom.inspection.scan_request import ScanRequest
from cutroom.inspection.scans import Scan
from cutroom.inspection.schedules import Wanted
from cutroom.jobs.models import CHECK, JobState
from cutroom.jobs.recurring import Recurring
from cutroom.library.models import FoundFile, Summary, Visibility
from cutroom.media.containers import Fault
from cutroom.worker.schedules import begin_due


def asked(folder: Path, mode: Mode = Mode.STANDARD, **more: object) -> ScanRequest:
    return ScanRequest(roots=(folder,), mode=mode, **more)  # type: ignore[arg-type]


async def started(cutroom: Cutroom, request: ScanRequest) -> ScanRow:
    async with cutroom.database.transaction() as tx:
        return await cutroom.scan_jobs.start(tx, request, origin=Origin.PAGE)


async def working(cutroom: Cutroom, request: ScanRequest) -> Scan:
    row = await started(cutroom, request)
    scan = await cutroom.scans.take(row.id)
    assert scan is not None
    return scan


async def finish(cutroom: Cutroom, scan: Scan) -> None:
    async with cutroom.database.transaction() as tx:
        await cutroom.scan_jobs._finish(tx, scan.id)


def a_row(path: Path, code: str | None = None, mode: Mode = Mode.STANDARD, *, size: int = 1000, mtime: int = 7) -> Row:
    faults = [Fault(code=code, message=f"{path} is so.", start_seconds=1.0)] if code else []
    file = Candidate(path, size, None, mtime)
    verdict = to_verdict(to_findings(faults), mode, duration_seconds=4.0, seconds_spent=0.1)
    return Row(row_of(file, verdict), size, file)


async def video_at(cutroom: Cutroom, path: Path, *, size: int = 1000, mtime: int = 7) -> str:
    found = FoundFile(location=os.fsencode(path), size_bytes=size, mtime_ns=mtime)
    async with cutroom.database.transaction() as tx:
        added = await cutroom.library.add_reference(tx, [found], owner_id=None, visibility=Visibility.SHARED)
    return added.added[0]


def heard(cutroom: Cutroom, *kinds: type) -> list[object]:
    found: list[object] = []

    async def hear(_: Transaction, event: object) -> None:
        found.append(event)

    for kind in kinds:
        cutroom.announcer.subscribe(kind, hear)
    return found


async def listed(cutroom: Cutroom, scan: Scan, **filters: object) -> list[tuple[str, str]]:
    """All pages of a scan's results, two rows each."""
    found: list[tuple[str, str]] = []
    after = None
    while True:
        async with cutroom.database.read() as conn:
            page = await cutroom.results.of_scan(conn, scan.id, limit=2, after=after, **filters)  # type: ignore[arg-type]
        found += [(one.name, one.status) for one in page.items]
        after = page.next
        if after is None:
            return found


async def statuses(cutroom: Cutroom, rows: Sequence[str]) -> list[str]:
    async with cutroom.database.read() as conn:
        return [video.verdict for video in await cutroom.library.find(conn, rows)]


async def test_a_scan_is_queued_cancelled_resumed_and_deleted(cutroom: Cutroom, tmp_path: Path) -> None:
    scan = await started(cutroom, asked(tmp_path))
    assert (scan.state, scan.origin, scan.roots) == (ScanState.QUEUED, Origin.PAGE, [str(tmp_path)])
    with pytest.raises(CutroomError) as caught:
        await started(cutroom, asked(tmp_path))
    assert caught.value.code == "scan.already-running"
    async with cutroom.database.transaction() as tx:
        stopped = await cutroom.scan_jobs.cancel(tx, scan.id)
    assert (stopped.state, stopped.error) == (ScanState.STOPPED, None)
    assert await cutroom.scans.take(scan.id) is None
    async with cutroom.database.transaction() as tx:
        again = await cutroom.scan_jobs.resume(tx, scan.id)
    assert (again.state, again.id) == (ScanState.QUEUED, scan.id)
    assert again.job_id != scan.job_id
    taken = await cutroom.scans.take(scan.id)
    assert taken is not None
    assert taken.request == asked(tmp_path)
    async with cutroom.database.transaction() as tx:
        await cutroom.scan_jobs.delete(tx, scan.id)
        assert again.job_id is not None
        assert (await cutroom.jobs.get(tx.conn, again.job_id)).state is JobState.CANCELLED
    async with cutroom.database.read() as conn:
        assert (await cutroom.scan_jobs.list(conn)).items == []
        told = (await conn.execute(select(outbox.c.audience).where(outbox.c.topic == "scan.changed"))).scalars()
    assert set(told) == {"administrators"}


async def test_why_a_scan_stopped_is_one_sentence(cutroom: Cutroom, tmp_path: Path) -> None:
    row = await started(cutroom, asked(tmp_path))
    assert row.job_id is not None
    error = ErrorDocument(code="db.disk-full", message="The disk is full.", hint="Free some.")
    async with cutroom.database.transaction() as tx:
        await cutroom.scan_jobs._stop(tx, await cutroom.jobs.get(tx.conn, row.job_id), error)
        stopped = await cutroom.scan_jobs.get(tx.conn, row.id)
    assert (stopped.state, stopped.document()["error"]) == (ScanState.STOPPED, "The disk is full. Free some.")


async def test_results_come_worst_first_in_pages_and_kept_ones_too(cutroom: Cutroom, tmp_path: Path) -> None:
    first = await working(cutroom, asked(tmp_path))
    rows = [a_row(tmp_path / "b.mp4"), a_row(tmp_path / "a.mp4"), a_row(tmp_path / "Z.mp4", "decode.failed")]
    await cutroom.scans.keep(first, [*rows, a_row(tmp_path / "q.mp4", "mp4.padding")])
    await finish(cutroom, first)
    expected = [("Z.mp4", "corrupt"), ("q.mp4", "note"), ("a.mp4", "healthy"), ("b.mp4", "healthy")]
    assert await listed(cutroom, first) == expected
    assert await listed(cutroom, first, statuses=(Status.NOTE, Status.CORRUPT)) == expected[:2]
    assert await listed(cutroom, first, q="z.MP") == expected[:1]
    assert await listed(cutroom, first, q="%") == []
    second = await working(cutroom, asked(tmp_path))
    kept = await cutroom.scans.kept(second, [row.file for row in rows])
    await cutroom.scans.keep(second, list(kept.values()))
    await cutroom.scans.keep(second, list(kept.values()))  # an attempt that was cut short begins again
    assert await listed(cutroom, second) == [("Z.mp4", "corrupt"), ("a.mp4", "healthy"), ("b.mp4", "healthy")]
    async with cutroom.database.transaction() as tx:
        await cutroom.scan_jobs.delete(tx, first.id)
        statistics = await cutroom.results.statistics(tx.conn)
    assert await listed(cutroom, second) == [("Z.mp4", "corrupt"), ("a.mp4", "healthy"), ("b.mp4", "healthy")]
    assert (statistics.files, statistics.statuses) == (3, {"healthy": 2, "corrupt": 1})


async def test_what_could_not_be_looked_at_is_listed_once(cutroom: Cutroom, tmp_path: Path) -> None:
    scan = await working(cutroom, asked(tmp_path))
    file = Candidate(tmp_path / "gone.mp4", 0)
    gone = to_findings([Fault(code="file.not-found", message="Gone.")])
    verdict = to_verdict(gone, Mode.STANDARD, duration_seconds=None, seconds_spent=0)
    for _ in range(2):
        await cutroom.scans.keep(scan, [Row(row_of(file, verdict), 0, file)])
    assert await listed(cutroom, scan) == [("gone.mp4", "unreadable")]
    assert await cutroom.scans.kept(scan, [file]) == {}


async def test_a_video_shows_what_a_scan_found_and_webhooks_hear_it_once(cutroom: Cutroom, tmp_path: Path) -> None:
    video = await video_at(cutroom, tmp_path / "a.mp4")
    damage = heard(cutroom, DamageFound, ScanFinished)
    scan = await working(cutroom, asked(tmp_path))
    bad, other = a_row(tmp_path / "a.mp4", "decode.failed"), a_row(tmp_path / "b.mp4", "decode.failed")
    await cutroom.scans.keep(scan, [bad, other, a_row(tmp_path / "c.mp4")])
    await finish(cutroom, scan)
    assert await statuses(cutroom, [video]) == ["corrupt"]
    found = sorted((one.name, one.video_id, one.scan_id) for one in damage if isinstance(one, DamageFound))
    assert found == [("a.mp4", video, scan.id), ("b.mp4", None, scan.id)]
    assert isinstance(damage[-1], ScanFinished)
    async with cutroom.database.read() as conn:
        [verdict] = await cutroom.inspection.history(conn, video)
        page = await cutroom.results.newest(conn)
        detail = await cutroom.results.detail(conn, verdict["id"])
    assert verdict["findings"][0]["message"] == "a.mp4 is so."  # where the file is concerns administrators only
    assert [(one.name, one.video_id) for one in page.items] == [("b.mp4", None), ("a.mp4", video), ("c.mp4", None)]
    assert [(one.status, one.scan_id) for one in detail.history] == [("corrupt", scan.id)]
    damage.clear()
    again = await working(cutroom, asked(tmp_path, rescan=True))
    await cutroom.scans.keep(again, [bad, other])
    assert damage == []


async def test_a_shallow_look_does_not_hide_what_a_deep_one_found(cutroom: Cutroom, tmp_path: Path) -> None:
    video_id = await video_at(cutroom, tmp_path / "a.mp4")
    scan = await working(cutroom, asked(tmp_path, Mode.DEEP))
    await cutroom.scans.keep(scan, [a_row(tmp_path / "a.mp4", "decode.failed", Mode.DEEP)])
    async with cutroom.database.transaction() as tx:
        video = await cutroom.library.get(tx.conn, video_id, viewer=None)
        quick = to_verdict([], Mode.QUICK, duration_seconds=None, seconds_spent=0.1)
        await cutroom.inspection.conclude(tx, video, quick)
    assert await statuses(cutroom, [video_id]) == ["corrupt"]
    async with cutroom.database.read() as conn:
        assert len(await cutroom.inspection.history(conn, video_id)) == 2


async def test_a_look_that_finds_the_same_begins_no_cancelled_ladder(cutroom: Cutroom, tmp_path: Path) -> None:
    video_id = await video_at(cutroom, tmp_path / "a.mp4")

    async def ladders(verdict: Verdict, **more: object) -> list[str]:
        async with cutroom.database.transaction() as tx:
            video = await cutroom.library.get(tx.conn, video_id, viewer=None)
            await cutroom.inspection.conclude(tx, video, verdict, **more)  # type: ignore[arg-type]
            active = (await cutroom.jobs.active(tx.conn, [video_id]))[video_id]
            return [job.id for job in active if job.kind == "proxy"]

    probe = {"video": {"codec": "h264"}, "duration": 1}
    [ladder] = await ladders(verdict_of(Mode.QUICK), probe=probe)
    async with cutroom.database.transaction() as tx:
        await cutroom.jobs.cancel(tx, ladder)
    assert await ladders(verdict_of(Mode.DEEP)) == []
    damaged = verdict_of(Mode.DEEP, Fault(code="decode.failed", message="It is so.", start_seconds=1.0))
    assert len(await ladders(damaged)) == 1, "what has become of the file since is another matter"


def verdict_of(mode: Mode, *faults: Fault) -> Verdict:
    return to_verdict(to_findings(list(faults)), mode, duration_seconds=1, seconds_spent=0.1)


async def test_the_closer_look_is_asked_for_once_and_comes_last(cutroom: Cutroom, tmp_path: Path) -> None:
    video_id = await video_at(cutroom, tmp_path / "a.mp4")
    async with cutroom.database.transaction() as tx:
        video = await cutroom.library.get(tx.conn, video_id, viewer=None)
        await cutroom.inspection.conclude(tx, video, to_verdict([], Mode.QUICK, duration_seconds=1, seconds_spent=0.1))
        active = (await cutroom.jobs.active(tx.conn, [video_id]))[video_id]
        assert [(job.priority, job.payload["mode"]) for job in active if job.kind == "check"] == [(CHECK, "standard")]
        video = await cutroom.library.get(tx.conn, video_id, viewer=None)
        await cutroom.inspection.record(tx, video, to_verdict([], Mode.DEEP, duration_seconds=1, seconds_spent=0.1))
        assert await cutroom.inspection.enqueue_check(tx, video, Mode.STANDARD) is None
        await cutroom.library.set_summary(tx, [video_id], Summary(verdict="not-video"))


async def test_a_missed_schedule_runs_once_and_goes_on_from_now(
    cutroom: Cutroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cutroom.database.transaction() as tx:
        made = await cutroom.schedules.create(tx, Wanted(name="nightly", roots=[str(tmp_path)], cron="0 3 * * *"))
        assert made.next_run_at is not None
        assert made.next_run_at > clock.now()
        await schedule_store.change(tx.conn, made.id, {"next_run_at": clock.now() - 3 * 86_400 * clock.SECOND})
    assert await begin_due(cutroom.database, cutroom.schedules, Recurring()) == 1
    assert await begin_due(cutroom.database, cutroom.schedules, Recurring()) == 0
    async with cutroom.database.read() as conn:
        [kept] = await cutroom.schedules.list(conn)
        [scan] = (await cutroom.scan_jobs.list(conn)).items
    assert (scan.origin, scan.schedule_id, kept.last_scan_id) == (Origin.SCHEDULE, made.id, scan.id)
    assert kept.next_run_at == made.next_run_at


async def test_a_schedule_says_why_it_cannot_begin(cutroom: Cutroom, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    async with cutroom.database.transaction() as tx:
        made = await cutroom.schedules.create(tx, Wanted(name="x", roots=[str(folder)], cron="*/5 * * * *"))
        await schedule_store.change(tx.conn, made.id, {"next_run_at": clock.now() - clock.SECOND})
    folder.rmdir()
    assert await begin_due(cutroom.database, cutroom.schedules, Recurring()) == 0
    async with cutroom.database.read() as conn:
        [kept] = await cutroom.schedules.list(conn)
    assert kept.error is not None
    assert kept.error["code"] == "scan.root-missing"


@pytest.mark.parametrize("cron", ["0 3 * *", "61 * * * *", "@daily", "a b c d e", "0 0 3 * * 6"])
def test_what_is_no_cron_expression_is_refused(cron: str) -> None:
    with pytest.raises(CutroomError) as caught:
        schedules._next_after(cron, clock.now())
    assert caught.value.code == "schedule.bad-cron"


async def test_checksums_are_kept_until_the_file_changes_and_make_groups(cutroom: Cutroom, tmp_path: Path) -> None:
    files = []
    for name, content in (("a", b"same"), ("b", b"same"), ("c", b"else"), ("d", b"same")):
        (tmp_path / name).write_bytes(content)
        status = (tmp_path / name).stat()
        files.append(Candidate(tmp_path / name, status.st_size, None, status.st_mtime_ns))
    kept = KeptHashes(cutroom.database)
    for file in files:
        await kept.keep(file, f"xxh3-128:{file.path.read_bytes().decode()}")
    await kept.close()
    changed = Candidate(files[0].path, 99, None, files[0].mtime_ns)
    assert list(await kept.of([changed, *files[1:3]])) == [files[1].path, files[2].path]
    page = await cutroom.duplicates.page(cutroom.database)
    [group] = page.items
    assert (group.wasted_bytes, [Path(one.path).name for one in group.files]) == (8, ["a", "b", "d"])
    (tmp_path / "d").write_bytes(b"another")
    [group] = (await cutroom.duplicates.page(cutroom.database)).items
    assert (group.wasted_bytes, len(group.files)) == (4, 2)


async def test_results_of_earlier_versions_are_listed_after_the_upgrade(cutroom: Cutroom, tmp_path: Path) -> None:
    scan = await working(cutroom, asked(tmp_path))
    odd = Path(os.fsdecode(b"/footage/\xff.mp4"))
    await cutroom.scans.keep(scan, [a_row(odd, "decode.failed"), a_row(tmp_path / "b.mp4")])

    def down_and_up(conn: Connection) -> None:
        config = _config()
        config.attributes["connection"] = conn
        command.downgrade(config, "0003")
        command.upgrade(config, "head")

    async with cutroom.database.engine.connect() as conn:
        writer = await conn.execution_options(cutroom_write="FULL")
        async with writer.begin():
            await writer.run_sync(down_and_up)
    assert await listed(cutroom, scan) == [("\\xff.mp4", "corrupt"), ("b.mp4", "healthy")]
    async with cutroom.database.read() as conn:
        row = await cutroom.scan_jobs.get(conn, scan.id)
    assert (row.origin, row.options) == (Origin.COMMAND_LINE, None)
