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
            target="cutroom.clips.work:cut_clips",
            prepare=tasks.prepare,
            publish=tasks.publish,
            reads=lambda arguments: [arguments["source"]],
            deliver=tasks.deliver,
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
        """None when every clip has been deleted or cut, or the original cannot be read any more."""
        clips = [clip for clip in await self._clips(tx, job) if clip.state is not ClipState.READY]
        if not clips:
            return None
        video = await self._library.get(tx.conn, clips[0].video_id, viewer=None)
        source = await self._library.source_of(tx, video)
        if source is None:
            error = ErrorDocument(
                code="clip.source-gone",
                message=f"{video.name} is not where it was, or has changed since the marks were set.",
                hint="Bring the file back, or set the marks again.",
            )
            await self.failed(tx, job, error)
            return None
        for clip in clips:
            await self._set(tx, clip, {"state": ClipState.QUEUED.value, "error": None})
        return {"source": source.for_child(job.folder), "cuts": [_cut(job, clip) for clip in clips]}

    async def deliver(self, job: Job, arguments: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        """Move the files into the store, each under a key of this attempt, and note how large they are."""
        sizes: dict[str, int] = {}
        for cut in arguments["cuts"]:
            outcome = result["outcomes"].get(cut["id"])
            if outcome is not None and outcome["answer"] is not None:
                stat = await asyncio.to_thread(self._store.adopt, cut["key"], Path(cut["output"]))
                sizes[cut["id"]] = stat.size_bytes
        return {**result, "sizes": sizes}

    async def publish(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """Show the files and say which frames they hold; the answer of a clip that was cut alone is the job's."""
        answers = []
        outcomes = result.get("outcomes", {})
        for clip in await self._clips(tx, job):
            outcome = outcomes.get(clip.id)
            if outcome is None or clip.state is ClipState.READY:
                continue
            if outcome["answer"] is not None:
                answers.append(await self._show(tx, job, clip, outcome["answer"], result["sizes"][clip.id]))
            else:
                await self._set(tx, clip, {"state": ClipState.FAILED.value, "error": outcome["error"]})
        return answers[0] if len(outcomes) == 1 and answers else {"clips": len(answers), "of": len(outcomes)}

    async def failed(self, tx: Transaction, job: Job, error: ErrorDocument) -> None:
        """Say at the clips why there is no file."""
        state = ClipState.CANCELLED if error.code == CANCELLED.code else ClipState.FAILED
        for clip in await self._clips(tx, job):
            if clip.state is not ClipState.READY:
                await self._set(tx, clip, {"state": state.value, "error": msgspec.to_builtins(error)})

    async def _show(
        self, tx: Transaction, job: Job, clip: Clip, result: dict[str, Any], size_bytes: int
    ) -> dict[str, Any]:
        answer = {**result, "path": clip.name}
        values = {
            "state": ClipState.READY.value,
            "object_key": _key(job, clip),
            "media_type": MEDIA_TYPES[Path(clip.name).suffix.lstrip(".")],
            "size_bytes": size_bytes,
            "answer": answer,
            "error": None,
        }
        await self._set(tx, clip, values)
        done = await self._service.get(tx.conn, clip.id, viewer=None)
        await self._announcer.announce(tx, ClipDone(clip=done))
        return answer

    async def _clips(self, tx: Transaction, job: Job) -> list[Clip]:
        """The job's clips that are still there."""
        # A job that was queued by an older version names one clip.
        ids = job.payload.get("clip_ids") or [job.payload["clip_id"]]
        found = [await rows.get(tx.conn, clip_id, viewer=None) for clip_id in ids]
        return [clip for clip in found if clip is not None]

    async def _set(self, tx: Transaction, clip: Clip, values: dict[str, Any]) -> None:
        await rows.change(tx.conn, clip.id, values)
        video = await self._library.get(tx.conn, clip.video_id, viewer=None)
        await self._service.announce(tx, clip, video)


def _output(job: Job, clip: Clip) -> Path:
    return job.folder / f"{clip.id}{Path(clip.name).suffix}"


def _key(job: Job, clip: Clip) -> str:
    return f"clips/{clip.id}/{job.fence}/{clip.name}"


def _cut(job: Job, clip: Clip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "key": _key(job, clip),
        "output": str(_output(job, clip)),
        "in_frame": clip.in_frame,
        "out_frame": clip.out_frame,
        "mode": clip.mode.value,
        "padding": f"{clip.padding.numerator}/{clip.padding.denominator}",
    }
