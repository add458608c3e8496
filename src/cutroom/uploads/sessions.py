"""What there is of an upload: a row, and a file whose size is the offset."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cutroom.accounts.models import Principal
from cutroom.core import clock
from cutroom.core.errors import not_found
from cutroom.core.ids import is_id, new_id
from cutroom.db.engine import Database
from cutroom.library.models import Visibility
from cutroom.processes.groups import boot_id
from cutroom.uploads import errors, store
from cutroom.uploads.handover import Handover
from cutroom.uploads.models import Part, UploadSession, UploadState


class Sessions:
    """The ground of `ResumableUploads`: finds, makes, measures and removes; who may write, it does not ask."""

    def __init__(self, *, database: Database, handover: Handover, scratch: Path, keep_hours: float) -> None:
        self._database = database
        self._handover = handover
        self._folder = scratch / "uploads"
        self._keep = int(keep_hours * 3600 * clock.SECOND)

    async def group(self, group_key: str) -> list[UploadSession]:
        """The chunks of a form, by index."""
        return await self._database.look(lambda conn: store.of_group(conn, group_key))

    def is_whole(self, session: UploadSession) -> bool:
        """Whether all bytes of an open partial upload are there."""
        return session.state is UploadState.OPEN and _size(self._file(session.id)) == session.size_bytes

    def _new(
        self,
        caller: Principal,
        size_bytes: int,
        name: str,
        visibility: Visibility,
        metadata: str,
        part: Part,
        parts: tuple[str, ...],
        group: tuple[str, int] | None,
    ) -> UploadSession:
        now = clock.now()
        return UploadSession(
            id=new_id("upl"),
            owner_id=caller.account_id,
            name=name,
            visibility=visibility,
            metadata=metadata,
            size_bytes=size_bytes,
            part=part,
            parts=parts,
            state=UploadState.OPEN,
            video_id=new_id("vid"),
            duplicate_of=(),
            boot_id=boot_id(),
            checkpoint_bytes=0,
            verifying_from=None,
            patches=0,
            empty_resumes=0,
            group_key=None if group is None else group[0],
            group_index=None if group is None else group[1],
            created_at=now,
            expires_at=now + self._keep,
        )

    async def _offset(self, session: UploadSession) -> int:
        """The size of its file, after what a crash may have spoilt is cut off.

        After the machine itself went down, only what was flushed is certain; after a killed process everything is.
        """
        part = self._file(session.id)
        size = await asyncio.to_thread(_size, part)
        if size is None:
            published = await self._handover.published_bytes(session.video_id, session.name)
            return session.size_bytes if published == session.size_bytes else await self._lost(session)
        sure = size
        if session.boot_id != boot_id():
            sure = min(sure, session.checkpoint_bytes)
        if session.verifying_from is not None:
            sure = min(sure, session.verifying_from)
        if sure < size:
            await asyncio.to_thread(os.truncate, part, sure)
        if sure < size or session.verifying_from is not None:
            await self._set(session.id, {"verifying_from": None})
        return sure

    async def _lost(self, session: UploadSession) -> int:
        await self._forget([session])
        raise errors.gone(session.id)

    async def _get(self, caller: Principal, upload_id: str) -> UploadSession:
        session = None
        if is_id(upload_id, "upl"):
            session = await self._database.look(lambda conn: store.get(conn, upload_id))
        if session is None or (session.owner_id != caller.account_id and not caller.is_administrator):
            raise not_found("upload", upload_id)
        if session.expires_at <= clock.now():
            raise errors.gone(upload_id)
        return session

    async def _parts(self, caller: Principal, ids: Sequence[str]) -> list[UploadSession]:
        found = await self._database.look(lambda conn: store.get_many(conn, ids))
        for upload_id in ids:
            session = found.get(upload_id)
            if session is None or session.owner_id != caller.account_id or session.part is not Part.PARTIAL:
                raise errors.parts_missing(f"there is no partial upload {upload_id!r}")
            if not await asyncio.to_thread(self.is_whole, session):
                raise errors.parts_missing(f"{upload_id!r} is not finished")
        return [found[upload_id] for upload_id in ids]

    async def _set(self, upload_id: str, values: dict[str, Any]) -> None:
        async with self._database.transaction() as tx:
            await store.change(tx.conn, upload_id, values)

    async def _forget(self, sessions: Sequence[UploadSession]) -> None:
        async with self._database.transaction() as tx:
            await store.remove(tx.conn, [one.id for one in sessions])
        await asyncio.to_thread(self._unlink, [one.id for one in sessions])

    def _unlink(self, ids: Sequence[str]) -> None:
        for upload_id in ids:
            self._file(upload_id).unlink(missing_ok=True)
            self._turn(upload_id).unlink(missing_ok=True)

    def _file(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.bytes"

    def _turn(self, upload_id: str) -> Path:
        if not is_id(upload_id, "upl"):  # it becomes a path
            raise not_found("upload", upload_id)
        return self._folder / f"{upload_id}.turn"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
