"""Footage from a URL: a job on the queue `io` fetches it, goes on where it broke off, and hands it to the library."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cutroom.core.errors import ErrorDocument
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.jobs.models import INSPECT, Job, JobKind
from cutroom.jobs.service import JobService
from cutroom.library.models import Visibility
from cutroom.net.client import SafeClient
from cutroom.uploads.handover import Handover
from cutroom.uploads.quota import Quota

KIND = "fetch"


class Fetching:
    """Who calls: the route and `cutroom add URL`; the worker runs its kind."""

    def __init__(
        self,
        *,
        jobs: JobService,
        client: SafeClient,
        handover: Handover,
        quota: Quota,
        scratch: Path,
        allow: Sequence[str],
        hours: float,
    ) -> None:
        """`allow` are the networks and hosts that may be asked though they are not public."""
        self._jobs = jobs
        self._client = client
        self._handover = handover
        self._quota = quota
        self._folder = scratch / "uploads"
        self._allow = tuple(allow)
        self._seconds = hours * 3600

    async def enqueue(
        self, tx: Transaction, url: str, *, owner_id: str | None, visibility: Visibility = Visibility.SHARED
    ) -> str:
        """The id of the job that fetches it.

        Raises `net.url-invalid`, `net.address-refused`, and what `Quota.admit` raises.
        """
        await self._client.check(url)
        name = _name_of(url)
        await self._quota.admit(tx.conn, owner_id, name, None)
        video_id = new_id("vid")
        return await self._jobs.enqueue(
            tx,
            kind=KIND,
            payload={
                "url": url,
                "video_id": video_id,
                "name": name,
                "owner_id": owner_id,
                "visibility": visibility.value,
            },
            subject=video_id,
            title=f"Fetch {name}",
            owner_id=owner_id,
            priority=INSPECT,
        )

    def kinds(self, *, max_attempts: int) -> list[JobKind]:
        """The kind `fetch`."""
        return [
            JobKind(
                name=KIND,
                queue="io",
                target="cutroom.uploads.work:fetch",
                prepare=self._prepare,
                deliver=self._deliver,
                publish=self._publish,
                failed=self._failed,
                max_attempts=max_attempts,
                deadline_seconds=self._seconds + 60,
            )
        ]

    async def _prepare(self, tx: Transaction, job: Job) -> dict[str, Any]:
        most = await self._quota.admit(tx.conn, job.payload["owner_id"], job.payload["name"], None)
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        return {
            "url": job.payload["url"],
            "path": str(self._part(job)),
            "allow": list(self._allow),
            "max_bytes": most,
            "seconds": self._seconds,
        }

    async def _deliver(self, job: Job, arguments: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        named = {**result, "name": result["name"] or job.payload["name"]}
        await self._handover.publish(self._part(job), video_id=job.payload["video_id"], name=named["name"])
        return named

    async def _publish(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any]:
        asked = job.payload
        video = await self._handover.add_published(
            tx,
            video_id=asked["video_id"],
            name=result["name"],
            owner_id=asked["owner_id"],
            visibility=Visibility(asked["visibility"]),
        )
        return {"video_id": video.id, "size_bytes": video.size_bytes, "url": result["url"]}

    async def _failed(self, tx: Transaction, job: Job, error: ErrorDocument) -> None:
        async def remove() -> None:
            for path in (self._part(job), self._part(job).with_name(self._part(job).name + ".from")):
                await asyncio.to_thread(path.unlink, missing_ok=True)

        tx.after_commit(remove)

    def _part(self, job: Job) -> Path:
        # Not in the attempt's own folder: the next attempt goes on with it.
        return self._folder / f"{job.id}.part"


def _name_of(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.path.rpartition("/")[2])[:200].strip().replace("\0", "") or parts.hostname or "video"
