"""The job kind of clips: what a child is given, and what its result changes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from cutroom.clips import store as rows
from cutroom.clips.events import ClipDone
from cutroom.clips.models import Clip, ClipState
from cutroom.clips.names import MEDIA_TYPES
from cutroom.clips.service import ClipService
from cutroom.core.errors import ErrorDocument
from cutroom.db.engine import Transaction
from cutroom.events.announce import Announcer
from cutroom.jobs.errors import CANCELLED
from cutroom.jobs.models import Job, JobKind
from cutroom.library.service import LibraryService
from cutroom.storage.port import ObjectStore


def kinds(
    service: ClipService, library: LibraryService, store: ObjectStore, announcer: Announcer, *, max_attempts: int
) -> list[JobKind]:
    """The kind `clip`."""
    tasks = _Tasks(service, library, store, announcer)
    return [
        JobKind(
            name="clip",
            queue="clip",
            target="cutroom.clips.work:cut_clip",
            prepare=tasks.prepare,
            publish=tasks.publish,
            failed=tasks.failed,
            max_attempts=max_attempts,
        )
    ]


class _Tasks:
    def __init__(self, service: ClipService, library: LibraryService, store: ObjectStore, announcer: Announcer) -> None:
        self._service = service
        self._library = library
        self._store = store
        self._announcer = announcer

    async def prepare(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """None when the clip has been deleted or its original cannot be read any more."""
        clip = await rows.get(tx.conn, job.payload["clip_id"], viewer=None)
        if clip is None or clip.state is ClipState.READY:
            return None
        video = await self._library.get(tx.conn, clip.video_id, viewer=None)
        source = await self._library.source_of(tx, video)
        if source is None:
            error = ErrorDocument(
                code="clip.source-gone",
                message=f"{video.name} is not where it was, or has changed since the marks were set.",
                hint="Bring the file back, or set the marks again.",
            )
            await self.failed(tx, job, error)
            return None
        await self._set(tx, clip, {"state": ClipState.QUEUED.value, "error": None})
        return {
            "source": source.for_child(job.folder),
            "output": str(_output(job, clip)),
            "in_frame": clip.in_frame,
            "out_frame": clip.out_frame,
            "mode": clip.mode.value,
            "padding": f"{clip.padding.numerator}/{clip.padding.denominator}",
        }

    async def publish(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """Adopt the file and say which frames it holds."""
        clip = await rows.get(tx.conn, job.payload["clip_id"], viewer=None)
        if clip is None:
            return None
        output, key = _output(job, clip), f"clips/{clip.id}/{clip.name}"
        stat = await asyncio.to_thread(self._store.adopt, key, output)
        answer = {**result, "path": clip.name}
        values = {
            "state": ClipState.READY.value,
            "object_key": key,
            "media_type": MEDIA_TYPES[output.suffix.lstrip(".")],
            "size_bytes": stat.size_bytes,
            "answer": answer,
            "error": None,
        }
        await self._set(tx, clip, values)
        done = await self._service.get(tx.conn, clip.id, viewer=None)
        await self._announcer.announce(tx, ClipDone(clip=done))
        return answer

    async def failed(self, tx: Transaction, job: Job, error: ErrorDocument) -> None:
        """Say at the clip why there is no file."""
        clip = await rows.get(tx.conn, job.payload["clip_id"], viewer=None)
        if clip is None:
            return
        state = ClipState.CANCELLED if error.code == CANCELLED.code else ClipState.FAILED
        await self._set(tx, clip, {"state": state.value, "error": msgspec.to_builtins(error)})

    async def _set(self, tx: Transaction, clip: Clip, values: dict[str, Any]) -> None:
        await rows.change(tx.conn, clip.id, values)
        video = await self._library.get(tx.conn, clip.video_id, viewer=None)
        await self._service.announce(tx, clip.id, video)


def _output(job: Job, clip: Clip) -> Path:
    return job.folder / f"clip{Path(clip.name).suffix}"
