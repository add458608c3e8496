"""The job kind of inspections: what a child is given, and what its verdict changes."""

from __future__ import annotations

from typing import Any

import msgspec

from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind
from cutroom.db.engine import Transaction
from cutroom.inspection.models import Inspection, Mode, Status, Verdict
from cutroom.inspection.rules import RULES_VERSION
from cutroom.inspection.service import CHECK_KIND, InspectionService
from cutroom.jobs.models import Job, JobKind
from cutroom.library.models import Video
from cutroom.library.service import LibraryService

QUICK_SECONDS = 120.0
"""Headers and tables only: what takes longer has hung, or its disk has."""

ENDED_BY = {
    "process.timed-out": Status.TIMED_OUT,
    "process.crashed": Status.CRASHED,
    "process.out-of-memory": Status.CRASHED,
    "job.lost": Status.CRASHED,
}
"""The verdict on a file whose inspection could not finish. Running into a limit never makes it corrupt."""

_BY_THE_FILE = frozenset({"process.timed-out", "process.crashed", "process.out-of-memory"})


def kinds(service: InspectionService, library: LibraryService, *, max_attempts: int) -> list[JobKind]:
    """The kinds `inspect`, which somebody waits for, and `check`, which nobody does."""
    tasks = _Tasks(service, library)
    return [
        JobKind(
            name=name,
            queue=name,
            target="cutroom.inspection.work:inspect_video",
            prepare=tasks.prepare,
            publish=tasks.publish,
            failed=tasks.failed,
            reads=lambda arguments: [arguments["path"]],
            max_attempts=max_attempts,
            deadline_seconds=lambda job: QUICK_SECONDS if job.payload["mode"] == Mode.QUICK.value else 24 * 3600.0,
        )
        for name in ("inspect", CHECK_KIND)
    ]


class _Tasks:
    def __init__(self, service: InspectionService, library: LibraryService) -> None:
        self._service = service
        self._library = library

    async def prepare(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """None when the video has gone; of its file the inspection itself says what is wrong."""
        video = await self._video(tx, job)
        if video is None:
            return None
        source = await self._library.source_of(tx, video, inspecting=True)
        if source is None:
            return None
        return {"path": source.for_child(job.folder), "mode": job.payload["mode"]}

    async def publish(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """Keep the verdict, show it, and let the next steps begin."""
        video = await self._video(tx, job)
        if video is None:
            return None
        # Everybody who sees the video reads the verdict, but where its file is concerns administrators only.
        inspection = msgspec.convert(_without_path(result, self._library.local_path(video), video.name), Inspection)
        await self._service.conclude(tx, video, inspection.verdict, probe=_probe_of(inspection.verdict, result))
        return {"status": inspection.verdict.status.value, "findings": len(inspection.verdict.findings)}

    async def failed(self, tx: Transaction, job: Job, error: ErrorDocument) -> None:
        """An inspection that could not finish is a verdict too; a cancelled one is none."""
        status, video = ENDED_BY.get(error.code), await self._video(tx, job)
        if video is None or (status is None and error.code == "job.cancelled"):
            return
        if job.kind == CHECK_KIND and error.code not in _BY_THE_FILE:
            return  # what kept the closer look from its end says nothing about the file
        verdict = Verdict(
            status=status or Status.UNREADABLE,
            mode=Mode(job.payload["mode"]),
            confidence=1.0,
            severity=None,
            findings=[],
            duration_seconds=None,
            seconds_spent=0.0,
            rules_version=RULES_VERSION,
        )
        probe = None if job.kind == "inspect" and video.probe is None else msgspec.UNSET
        await self._service.conclude(tx, video, verdict, probe=probe, message=error.message)

    async def _video(self, tx: Transaction, job: Job) -> Video | None:
        try:
            return await self._library.get(tx.conn, job.payload["video_id"], viewer=None)
        except CutroomError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise


def _probe_of(verdict: Verdict, result: dict[str, Any]) -> dict[str, Any] | msgspec.UnsetType | None:
    """What opening the file said; nothing where mode full did not open it, because its bytes are the known ones."""
    probe: dict[str, Any] | None = result.get("probe")
    return msgspec.UNSET if probe is None and verdict.mode is Mode.FULL and verdict.status.good else probe


def _without_path(result: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    verdict = result["verdict"]
    findings = [{**one, "message": one["message"].replace(path, name)} for one in verdict["findings"]]
    return {**result, "verdict": {**verdict, "findings": findings}}
