"""Scans that begin by themselves: cron expressions in the server's own time zone.

A run that was missed, because the server was down or the same scan was still under way, is made up for by one.
"""

from __future__ import annotations

import builtins
import time
from datetime import datetime
from typing import Any

import msgspec
from cronsim import CronSim, CronSimError
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorKind, not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.inspection import schedule_store as rows
from cutroom.inspection.scan_jobs import ScanJobs
from cutroom.inspection.scan_models import Origin, ScanRow
from cutroom.inspection.scan_request import ScanRequest
from cutroom.inspection.vocabulary import Mode


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says about a schedule."""

    name: str
    roots: list[str] = []
    library: bool = False
    mode: Mode = Mode.STANDARD
    cron: str
    rescan: bool = False
    enabled: bool = True


class Schedule(Wanted, frozen=True, kw_only=True):
    """A schedule. Instants are µs since the epoch."""

    id: str
    next_run_at: int | None
    last_scan_id: str | None
    last_run_at: int | None
    error: dict[str, Any] | None
    created_at: int

    def document(self) -> dict[str, Any]:
        """The schedule as JSON shows it."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        del shown["created_at"]
        return {**shown, "time_zone": time.strftime("%Z")}


class Schedules:
    """Who calls: the pages, and the supervisor's clock."""

    def __init__(self, scans: ScanJobs) -> None:
        self._scans = scans

    async def list(self, conn: AsyncConnection) -> builtins.list[Schedule]:
        """Every schedule, by name."""
        return [_schedule(row) for row in await rows.every(conn)]

    async def get(self, conn: AsyncConnection, schedule_id: str) -> Schedule:
        """One schedule. Raises `schedule.not-found`."""
        row = await rows.get(conn, schedule_id)
        if row is None:
            raise not_found("schedule", schedule_id)
        return _schedule(row)

    async def create(self, tx: Transaction, wanted: Wanted) -> Schedule:
        """Raises `schedule.bad-cron`, `schedule.no-target`, `scan.path-relative` and `scan.root-missing`."""
        self._check(wanted)
        values = {
            **_values(wanted),
            "id": new_id("sch"),
            "next_run_at": _next(wanted),
            "created_at": clock.now(),
        }
        await rows.add(tx.conn, values)
        return await self.get(tx.conn, values["id"])

    async def change(self, tx: Transaction, schedule_id: str, values: dict[str, Any]) -> Schedule:
        """Change some fields of `Wanted`; what is wrong raises as in `create`."""
        known = await self.get(tx.conn, schedule_id)
        before = {name: getattr(known, name) for name in Wanted.__struct_fields__}
        if values.get("library"):
            before["roots"] = []
        elif values.get("roots"):
            before["library"] = False
        wanted = msgspec.convert({**before, **values}, Wanted)
        self._check(wanted)
        await rows.change(tx.conn, schedule_id, {**_values(wanted), "next_run_at": _next(wanted)})
        return await self.get(tx.conn, schedule_id)

    async def delete(self, tx: Transaction, schedule_id: str) -> None:
        """Forget it. Raises `schedule.not-found`."""
        await self.get(tx.conn, schedule_id)
        await rows.delete(tx.conn, schedule_id)

    async def run(self, tx: Transaction, schedule_id: str) -> ScanRow:
        """Begin its scan now, whatever its times; the one that is under way when there is one."""
        schedule = await self.get(tx.conn, schedule_id)
        request = self._request(schedule)
        scan = await self._scans.running(tx.conn, request)
        if scan is None:
            scan = await self._scans.start(tx, request, origin=Origin.SCHEDULE, schedule_id=schedule.id)
        values = {"last_scan_id": scan.id, "last_run_at": clock.now(), "error": None}
        await rows.change(tx.conn, schedule_id, values)
        return scan

    async def due(self, conn: AsyncConnection) -> builtins.list[Schedule]:
        """The schedules whose time has come."""
        return [_schedule(row) for row in await rows.due(conn, clock.now())]

    async def run_due(self, tx: Transaction, schedule: Schedule) -> ScanRow | None:
        """Begin a scan whose time has come; None when another supervisor was faster, or it cannot begin."""
        if not await rows.claim(tx.conn, schedule.id, schedule.next_run_at, _next(schedule)):
            return None
        try:
            async with tx.conn.begin_nested():
                return await self.run(tx, schedule.id)
        except CutroomError as error:  # a folder that has gone: it is said, and tried again at the next time
            said = msgspec.to_builtins(error.document)
            await rows.change(tx.conn, schedule.id, {"error": said, "last_run_at": clock.now()})
            return None

    def _check(self, wanted: Wanted) -> None:
        if bool(wanted.roots) == wanted.library:
            message = "A schedule is for folders or for the library, and not for both."
            raise CutroomError("schedule.no-target", message, kind=ErrorKind.UNPROCESSABLE)
        _next_after(wanted.cron, clock.now())
        self._request(wanted)

    def _request(self, wanted: Wanted) -> ScanRequest:
        return self._scans.request_of(wanted.roots, wanted.mode, rescan=wanted.rescan, library=wanted.library)


def _next(wanted: Wanted) -> int | None:
    return _next_after(wanted.cron, clock.now()) if wanted.enabled else None


def _next_after(cron: str, instant: int) -> int | None:
    """The first time after an instant that an expression names, on the clock of the server's wall.

    Local times without a zone: the system knows when its summer time begins. Raises `schedule.bad-cron`.
    """
    try:
        if len(cron.split()) != 5:
            raise CronSimError("it has not five fields")
        local = datetime.fromtimestamp(instant / clock.SECOND)
        return int(next(CronSim(cron, local)).timestamp() * clock.SECOND)
    except StopIteration:
        return None
    except CronSimError as error:
        raise CutroomError(
            "schedule.bad-cron",
            f"{cron!r} is no cron expression: {error}.",
            hint="Write minute, hour, day, month and weekday: 0 3 * * 6 is Saturdays at 3.",
            kind=ErrorKind.UNPROCESSABLE,
        ) from error


def _values(wanted: Wanted) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(wanted, name) for name in Wanted.__struct_fields__}
    return {
        **values,
        "mode": wanted.mode.value,
        **{name: int(values[name]) for name in ("library", "rescan", "enabled")},
    }


def _schedule(row: dict[str, Any]) -> Schedule:
    flags = {name: bool(row[name]) for name in ("library", "rescan", "enabled")}
    return msgspec.convert({**{str(name): value for name, value in row.items()}, **flags}, Schedule)
