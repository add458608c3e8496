"""Scans: start, follow, cancel, resume, delete, and what they found."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import StreamingResponse

from cutroom.api.access import Administrator, Services, Visitor
from cutroom.api.routes.videos import After, Limit
from cutroom.api.schemas.inspection import (
    FileResultPage,
    FileResultShape,
    FileStatus,
    ReportFormat,
    ScanAsked,
    ScanPage,
    ScanShape,
    ScanStateName,
)
from cutroom.inspection.models import Mode, Status
from cutroom.inspection.report_stream import MEDIA_TYPES, stream_report
from cutroom.inspection.results import FileResult, ResultPage
from cutroom.inspection.scan_models import Origin, ScanRow, ScanState

router = APIRouter(prefix="/api/scans", tags=["inspection"])

StatusFilter = Annotated[list[FileStatus] | None, Query(description="Any of these")]
PathFilter = Annotated[str, Query(max_length=200, description="Part of the path, in any case")]


@router.post("", status_code=202)
async def start_scan(services: Services, caller: Administrator, visitor: Visitor, asked: ScanAsked) -> ScanShape:
    """Inspect every file of some folders, or of the library, in the background.

    Files that have not changed since a verdict of this depth are not read again, unless `rescan` says so.
    """
    request = services.scan_jobs.request_of(
        asked.roots,
        Mode(asked.mode),
        recursive=asked.recursive,
        extensions=asked.extensions,
        rescan=asked.rescan,
        max_seconds_per_file=asked.max_seconds_per_file,
        library=asked.library,
    )
    async with services.database.transaction(durable=True) as tx:
        scan = await services.scan_jobs.start(tx, request, origin=Origin.PAGE)
        await services.accounts.audit.record(
            tx, caller, "scan.start", scan.id, visitor, roots=asked.roots[:20], library=asked.library, mode=asked.mode
        )
    return shape_of(scan)


@router.get("")
async def list_scans(
    services: Services,
    caller: Administrator,
    state: ScanStateName | None = None,
    limit: Limit = 50,
    after: After = None,
) -> ScanPage:
    """Scans, newest first: of the page, of schedules and of the command line."""
    wanted = ScanState(state) if state else None
    page = await services.database.look(
        lambda conn: services.scan_jobs.list(conn, state=wanted, limit=limit, after=after)
    )
    return ScanPage(items=[shape_of(scan) for scan in page.items], next=page.next)


@router.get("/{scan_id}")
async def get_scan(scan_id: str, services: Services, caller: Administrator) -> ScanShape:
    """One scan."""
    return shape_of(await services.database.look(lambda conn: services.scan_jobs.get(conn, scan_id)))


@router.post("/{scan_id}/cancel")
async def cancel_scan(scan_id: str, services: Services, caller: Administrator, visitor: Visitor) -> ScanShape:
    """Stop a scan within a second; what it has found stays, and it can be resumed."""
    async with services.database.transaction(durable=True) as tx:
        scan = await services.scan_jobs.cancel(tx, scan_id)
        await services.accounts.audit.record(tx, caller, "scan.cancel", scan_id, visitor)
    return shape_of(scan)


@router.post("/{scan_id}/resume", status_code=202)
async def resume_scan(scan_id: str, services: Services, caller: Administrator, visitor: Visitor) -> ScanShape:
    """Go on with a stopped scan; files it has finished are not read again."""
    async with services.database.transaction(durable=True) as tx:
        scan = await services.scan_jobs.resume(tx, scan_id)
        await services.accounts.audit.record(tx, caller, "scan.resume", scan_id, visitor)
    return shape_of(scan)


@router.delete("/{scan_id}", status_code=204)
async def delete_scan(scan_id: str, services: Services, caller: Administrator, visitor: Visitor) -> None:
    """Forget a scan with the verdicts it gave; one that is under way is cancelled first. No file is touched."""
    async with services.database.transaction(durable=True) as tx:
        scan = await services.scan_jobs.delete(tx, scan_id)
        await services.accounts.audit.record(tx, caller, "scan.delete", scan_id, visitor, roots=scan.roots[:20])


@router.get("/{scan_id}/results")
async def scan_results(
    scan_id: str,
    services: Services,
    caller: Administrator,
    status: StatusFilter = None,
    q: PathFilter = "",
    limit: Limit = 50,
    after: After = None,
) -> FileResultPage:
    """What the scan found: the worst first, then by path."""
    wanted = tuple(Status(one) for one in status or ())

    async def look(conn: AsyncConnection) -> ResultPage:
        await services.scan_jobs.get(conn, scan_id)
        return await services.results.of_scan(conn, scan_id, statuses=wanted, q=q, limit=limit, after=after)

    return results_of(await services.database.look(look))


class Report(Response):
    """For OpenAPI only: a report's bytes."""

    media_type = "application/octet-stream"


@router.get("/{scan_id}/report", response_class=Report)
async def scan_report(
    scan_id: str, services: Services, caller: Administrator, format: ReportFormat = "html"
) -> StreamingResponse:
    """The scan as a document, written by the same writers as `cutroom inspect --format`."""
    scan = await services.database.look(lambda conn: services.scan_jobs.get(conn, scan_id))
    headers = {
        "content-disposition": f'attachment; filename="inspection-{scan.id}.{format}"',
        "cache-control": "no-store",
    }
    return StreamingResponse(
        stream_report(services.database, services.results, scan, format),
        media_type=MEDIA_TYPES[format],
        headers=headers,
    )


def shape_of(scan: ScanRow) -> ScanShape:
    """A scan as it goes over the wire."""
    return ScanShape.model_validate(scan.document())


def result_of(result: FileResult) -> FileResultShape:
    """A verdict as it goes over the wire."""
    return FileResultShape.model_validate(msgspec.to_builtins(result))


def results_of(page: ResultPage) -> FileResultPage:
    """A page of verdicts."""
    return FileResultPage(items=[result_of(one) for one in page.items], next=page.next)
