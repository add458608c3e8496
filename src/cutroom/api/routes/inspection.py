"""What is known about files: newest verdicts, statistics, one result with its findings, duplicates, pictures."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.api.access import Administrator, Editor, Services, Viewer, Visitor
from cutroom.api.files import REVALIDATE, FileAnswer
from cutroom.api.routes.scans import PathFilter, StatusFilter, result_of, results_of
from cutroom.api.routes.videos import After, Limit
from cutroom.api.schemas.inspection import (
    DuplicateGroupShape,
    DuplicatePage,
    FileResultPage,
    FoundFinding,
    InspectAsked,
    InspectionStatistics,
    JobStarted,
    PastVerdict,
    ResultDetailShape,
    VideoInspectionPage,
    VideoInspectionShape,
)
from cutroom.inspection.models import Finding, Mode, Status
from cutroom.inspection.moments import Moment, has_picture
from cutroom.inspection.results import ResultDetail
from cutroom.jobs.models import URGENT
from cutroom.library.models import Video

router = APIRouter(prefix="/api", tags=["inspection"])


class Picture(Response):
    """For OpenAPI only."""

    media_type = "image/webp"


@router.get("/inspection/files")
async def inspected_files(
    services: Services,
    caller: Administrator,
    status: StatusFilter = None,
    q: PathFilter = "",
    limit: Limit = 50,
    after: After = None,
) -> FileResultPage:
    """The newest verdict on every file of any scan and every video of the library: the worst first, then by path."""
    wanted = tuple(Status(one) for one in status or ())
    return results_of(
        await services.database.look(
            lambda conn: services.results.newest(conn, statuses=wanted, q=q, limit=limit, after=after)
        )
    )


@router.get("/inspection/statistics")
async def inspection_statistics(services: Services, caller: Administrator) -> InspectionStatistics:
    """How many files are in which state, and how that was at the newest scans."""
    found = await services.database.look(services.results.statistics)
    return InspectionStatistics.model_validate(msgspec.to_builtins(found))


@router.get("/inspection/duplicates")
async def duplicates(
    services: Services, caller: Administrator, limit: Limit = 50, after: After = None
) -> DuplicatePage:
    """Files of equal contents among all whose checksum is known: the most wasteful groups first.

    Checksums are those of the library's videos, of scans in mode full, and of `cutroom inspect --duplicates`.
    """
    page = await services.duplicates.page(services.database, limit=limit, after=after)
    items = [DuplicateGroupShape.model_validate(msgspec.to_builtins(one)) for one in page.items]
    return DuplicatePage(items=items, next=page.next)


@router.get("/inspection/results/{result_id}")
async def inspection_result(result_id: str, services: Services, caller: Administrator) -> ResultDetailShape:
    """One verdict with its findings, and every verdict kept about the same path."""
    found = await services.database.look(lambda conn: services.results.detail(conn, result_id))
    address = f"/api/inspection/results/{result_id}"
    return ResultDetailShape(
        **result_of(found.result).model_dump(),
        findings=_findings(found.findings, address, found.result.status),
        history=[PastVerdict.model_validate(msgspec.to_builtins(one)) for one in found.history],
    )


@router.get("/inspection/results/{result_id}/findings/{index}/picture", response_class=Picture)
async def result_picture(result_id: str, index: int, services: Services, caller: Administrator) -> Response:
    """The damaged moment as a player would show it (WebP), made when it is first asked for.

    404: `inspection.no-picture` where there is none, `inspection.file-changed` when the file is another one now.
    """
    found: ResultDetail = await services.database.look(lambda conn: services.results.detail(conn, result_id))
    return await _picture(services, found.moment(index))


@router.get("/videos/{video_id}/inspections")
async def video_inspections(
    video_id: str, services: Services, caller: Viewer, limit: Limit = 20
) -> VideoInspectionPage:
    """The verdicts ever given to a video you may see, newest first."""

    async def look(conn: AsyncConnection) -> list[dict[str, object]]:
        await services.library.get(conn, video_id, viewer=caller)
        return await services.inspection.history(conn, video_id, limit=limit)

    rows = await services.database.look(look)
    return VideoInspectionPage(items=[_video_inspection(video_id, row) for row in rows], next=None)


@router.get("/videos/{video_id}/inspections/{inspection_id}/findings/{index}/picture", response_class=Picture)
async def video_picture(video_id: str, inspection_id: str, index: int, services: Services, caller: Viewer) -> Response:
    """The damaged moment of a video's finding, as above."""

    async def look(conn: AsyncConnection) -> tuple[Video, Moment]:
        video = await services.library.get(conn, video_id, viewer=caller)
        row = await services.inspection.one(conn, video_id, inspection_id)
        return video, services.moments.of_video(services.library.local_path(video), row, index)

    video, moment = await services.database.look(look)
    if services.store.remote:
        await asyncio.to_thread(services.library.fetched, video)
    return await _picture(services, moment)


@router.post("/videos/{video_id}/inspect", status_code=202)
async def inspect_video(
    video_id: str, services: Services, caller: Editor, visitor: Visitor, asked: InspectAsked
) -> JobStarted:
    """Inspect a video again, now; the verdict comes by `video.changed`."""
    async with services.database.transaction(durable=True) as tx:
        video: Video = await services.library.get(tx.conn, video_id, viewer=caller)
        caller.require_change(owner_id=video.owner_id, what="video")
        [job_id] = await services.inspection.enqueue_for(tx, [video], mode=Mode(asked.mode).value, priority=URGENT)
        await services.accounts.audit.record(tx, caller, "video.inspect", video_id, visitor, mode=asked.mode)
    return JobStarted(job_id=job_id)


async def _picture(services: Services, moment: Moment) -> Response:
    return FileAnswer(
        await services.moments.picture(moment),
        media_type="image/webp",
        cache_control=REVALIDATE,
        missing="The picture has gone; ask again.",
    )


def _findings(findings: list[Finding], address: str, status: str) -> list[FoundFinding]:
    return [
        FoundFinding(
            index=index,
            picture_url=f"{address}/findings/{index}/picture" if has_picture(one, status) else None,
            **msgspec.to_builtins(one),
        )
        for index, one in enumerate(findings)
    ]


def _video_inspection(video_id: str, row: dict[str, object]) -> VideoInspectionShape:
    address = f"/api/videos/{video_id}/inspections/{row['id']}"
    findings = msgspec.convert(row["findings"], list[Finding])
    return VideoInspectionShape.model_validate(
        {
            "at": row["created_at"],
            **{name: row[name] for name in ("id", "status", "mode", "confidence", "seconds_spent")},
            "findings": _findings(findings, address, str(row["status"])),
        }
    )
