"""Which announcements become webhooks, and what their messages say."""

from __future__ import annotations

from typing import Any

import msgspec

from cutroom.clips.events import ClipDone
from cutroom.db.engine import Transaction
from cutroom.events.announce import Announcer
from cutroom.inspection.events import DamageFound, ScanFinished
from cutroom.jobs.events import JobDone, JobFailed
from cutroom.jobs.models import Job
from cutroom.library.events import VideoReady
from cutroom.library.models import Video
from cutroom.net.webhooks.models import WebhookEvent
from cutroom.net.webhooks.service import WebhookService

MOST_FINDINGS = 20
"""Of a file that is damaged in a thousand places; the API has the rest."""

_DAMAGED = frozenset({"corrupt", "suspect"})
"""Statuses about the file's content; the others say that it could not be looked at, or is no video."""


def tell_webhooks(announcer: Announcer, webhooks: WebhookService) -> None:
    """Subscribe the hooks to what happens in the library and in scans."""

    async def damaged(tx: Transaction, event: DamageFound) -> None:
        if event.status not in _DAMAGED:
            return
        payload = {
            "status": event.status,
            "name": event.name,
            "path": event.path,
            "video_id": event.video_id,
            "scan_id": event.scan_id,
            "findings": msgspec.to_builtins(event.findings[:MOST_FINDINGS]),
        }
        await webhooks.emit(tx, WebhookEvent.CORRUPT, event.subject, payload)

    async def finished(tx: Transaction, event: ScanFinished) -> None:
        scan = event.scan.document()
        names = ("roots", "library", "mode", "origin", "schedule_id", "files", "bytes", "kept", "statuses", "seconds")
        payload = {"scan_id": scan["id"], **{name: scan[name] for name in names}}
        await webhooks.emit(tx, WebhookEvent.SCAN_FINISHED, event.scan.id, payload)

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

    async def job_done(tx: Transaction, event: JobDone) -> None:
        await webhooks.emit(tx, WebhookEvent.JOB_DONE, event.job.id, _job(event.job))

    async def job_failed(tx: Transaction, event: JobFailed) -> None:
        await webhooks.emit(tx, WebhookEvent.JOB_FAILED, event.job.id, _job(event.job))

    announcer.subscribe(DamageFound, damaged)
    announcer.subscribe(ScanFinished, finished)
    announcer.subscribe(VideoReady, ready)
    announcer.subscribe(ClipDone, clip_done)
    announcer.subscribe(JobDone, job_done)
    announcer.subscribe(JobFailed, job_failed)


def _job(job: Job) -> dict[str, Any]:
    shown = job.document()
    names = ("kind", "title", "subject", "batch_id", "attempts", "error")
    return {"job_id": shown["id"], **{name: shown[name] for name in names}}


def _video(video: Video) -> dict[str, Any]:
    return {
        "video_id": video.id,
        "name": video.name,
        "verdict": video.verdict,
        "duration_seconds": None if video.duration is None else float(video.duration),
        "width": video.width,
        "height": video.height,
    }
