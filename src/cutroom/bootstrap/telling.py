"""Which announcements become webhooks, and what their messages say."""

from __future__ import annotations

from typing import Any

from cutroom.clips.events import ClipDone
from cutroom.db.engine import Transaction
from cutroom.events.announce import Announcer
from cutroom.inspection.service import InspectionService
from cutroom.jobs.events import JobFailed
from cutroom.library.events import VideoInspected, VideoReady
from cutroom.library.models import Video
from cutroom.library.service import LibraryService
from cutroom.net.webhooks.models import WebhookEvent
from cutroom.net.webhooks.service import WebhookService

MOST_FINDINGS = 20
"""Of a file that is damaged in a thousand places; the API has the rest."""


def tell_webhooks(
    announcer: Announcer, webhooks: WebhookService, *, library: LibraryService, inspection: InspectionService
) -> None:
    """Subscribe the hooks to what happens in the library."""

    async def inspected(tx: Transaction, event: VideoInspected) -> None:
        video = event.video
        if video.verdict != "corrupt":
            return
        findings = (await inspection.findings(tx.conn, video.id))[:MOST_FINDINGS]
        payload = {
            "status": video.verdict,
            "name": video.name,
            "path": library.local_path(video).encode("utf-8", "replace").decode(),
            "video_id": video.id,
            "findings": findings,
        }
        await webhooks.emit(tx, WebhookEvent.CORRUPT, video.id, payload)

    async def ready(tx: Transaction, event: VideoReady) -> None:
        await webhooks.emit(tx, WebhookEvent.VIDEO_READY, event.video.id, _video(event.video))

    async def clip_done(tx: Transaction, event: ClipDone) -> None:
        clip = event.clip
        payload = {
            "clip_id": clip.id,
            "name": clip.name,
            "video_id": clip.video_id,
            "size_bytes": clip.size_bytes,
            "cut": clip.answer,
        }
        await webhooks.emit(tx, WebhookEvent.CLIP_DONE, clip.id, payload)

    async def job_failed(tx: Transaction, event: JobFailed) -> None:
        job = event.job.document()
        names = ("kind", "title", "subject", "attempts", "error")
        payload = {"job_id": job["id"], **{name: job[name] for name in names}}
        await webhooks.emit(tx, WebhookEvent.JOB_FAILED, event.job.id, payload)

    announcer.subscribe(VideoInspected, inspected)
    announcer.subscribe(VideoReady, ready)
    announcer.subscribe(ClipDone, clip_done)
    announcer.subscribe(JobFailed, job_failed)


def _video(video: Video) -> dict[str, Any]:
    return {
        "video_id": video.id,
        "name": video.name,
        "verdict": video.verdict,
        "duration_seconds": None if video.duration is None else float(video.duration),
        "width": video.width,
        "height": video.height,
    }
