"""Schedules: scans that begin by themselves. Must be routed before /api/scans/{scan_id}."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter

from cutroom.api.access import Administrator, Services, Visitor
from cutroom.api.routes.scans import shape_of
from cutroom.api.schemas.inspection import ScanShape, ScheduleAsked, ScheduleChange, SchedulePage, ScheduleShape
from cutroom.inspection.schedules import Schedule, Wanted

router = APIRouter(prefix="/api/scans/schedules", tags=["inspection"])


@router.get("")
async def list_schedules(services: Services, caller: Administrator) -> SchedulePage:
    """Every schedule, by name."""
    found = await services.database.look(services.schedules.list)
    return SchedulePage(items=[_shape(one) for one in found], next=None)


@router.post("", status_code=201)
async def create_schedule(
    services: Services, caller: Administrator, visitor: Visitor, asked: ScheduleAsked
) -> ScheduleShape:
    """A scan at the times that `cron` names, in the server's time zone.

    Times at which the server was not running are made up for by one scan, soon after its start.
    """
    wanted = msgspec.convert(asked.model_dump(), Wanted)
    async with services.database.transaction(durable=True) as tx:
        made = await services.schedules.create(tx, wanted)
        await services.accounts.audit.record(tx, caller, "schedule.create", made.id, visitor, name=made.name)
    return _shape(made)


@router.patch("/{schedule_id}")
async def change_schedule(
    schedule_id: str, services: Services, caller: Administrator, visitor: Visitor, asked: ScheduleChange
) -> ScheduleShape:
    """Change what is given; the next time is counted from now."""
    values = asked.model_dump(exclude_none=True)
    async with services.database.transaction(durable=True) as tx:
        changed = await services.schedules.change(tx, schedule_id, values)
        await services.accounts.audit.record(tx, caller, "schedule.change", schedule_id, visitor, **values)
    return _shape(changed)


@router.delete("/{schedule_id}", status_code=204)
async def delete_schedule(schedule_id: str, services: Services, caller: Administrator, visitor: Visitor) -> None:
    """Forget a schedule; its scans stay."""
    async with services.database.transaction(durable=True) as tx:
        await services.schedules.delete(tx, schedule_id)
        await services.accounts.audit.record(tx, caller, "schedule.delete", schedule_id, visitor)


@router.post("/{schedule_id}/run", status_code=202)
async def run_schedule(schedule_id: str, services: Services, caller: Administrator, visitor: Visitor) -> ScanShape:
    """Begin its scan now; one of it that is still under way is answered instead of a second one."""
    async with services.database.transaction(durable=True) as tx:
        scan = await services.schedules.run(tx, schedule_id)
        await services.accounts.audit.record(tx, caller, "schedule.run", schedule_id, visitor, scan=scan.id)
    return shape_of(scan)


def _shape(schedule: Schedule) -> ScheduleShape:
    return ScheduleShape.model_validate(schedule.document())
