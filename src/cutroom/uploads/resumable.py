"""Resumable uploads after tus 1.0.0: the offset is the size of a file, everything else is a row."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.engine import Database, Transaction
from cutroom.library.models import Visibility
from cutroom.processes.groups import boot_id
from cutroom.storage.local import disk_error
from cutroom.uploads import errors, store
from cutroom.uploads.handover import Handover
from cutroom.uploads.joining import join, refuse_other_than_media
from cutroom.uploads.models import Checksum, Handed, Part, Progress, UploadSession, UploadState
from cutroom.uploads.quota import Quota
from cutroom.uploads.receiving import Receiver
from cutroom.uploads.sessions import Sessions
from cutroom.uploads.turns import Turn

log = logging.getLogger(__name__)

RESUMES_OF_A_BUFFER = 2
"""So often a client has asked where to go on, and no request with bytes has ever arrived: something holds them back."""
HOLDS_BACK = (
    "A proxy before the server seems to hold requests back until they are whole "
    "(nginx: set proxy_request_buffering off)."
)
_PASSING = {ErrorKind.NO_SPACE, ErrorKind.UNAVAILABLE, ErrorKind.CONFLICT, ErrorKind.FAILED}
"""What says nothing about the file: it may be taken another time."""
_AGAIN = 600 * clock.SECOND


class ResumableUploads(Sessions):
    """Who calls: the tus routes, the chunked form, and the supervisor's clock (`sweep`)."""

    def __init__(
        self,
        *,
        database: Database,
        handover: Handover,
        quota: Quota,
        scratch: Path,
        keep_hours: float,
        stall_seconds: float,
    ) -> None:
        """`keep_hours`: how long an upload may be left alone; `stall_seconds`: how long a body may bring nothing."""
        super().__init__(database=database, handover=handover, scratch=scratch, keep_hours=keep_hours)
        self.quota = quota
        self._stall_seconds = stall_seconds

    # Beginning

    async def create(
        self,
        caller: Principal,
        *,
        size_bytes: int,
        name: str,
        visibility: Visibility = Visibility.SHARED,
        metadata: str = "",
        part: Part = Part.WHOLE,
        group: tuple[str, int] | None = None,
    ) -> UploadSession:
        """A new upload without bytes. Raises what `Quota.admit` raises, and `uploads.empty`."""
        if size_bytes == 0 and part is Part.WHOLE:
            raise errors.empty(name)
        session = self._new(caller, size_bytes, name, visibility, metadata, part, (), group)
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        try:
            async with self._database.transaction() as tx:
                await self.quota.admit(tx.conn, caller.account_id, name, size_bytes)
                await store.add(tx.conn, session)
            await asyncio.to_thread(self._file(session.id).touch, 0o600)
        except OSError as error:
            raise disk_error(error) from error
        return session

    async def concatenate(
        self,
        caller: Principal,
        parts: Sequence[str],
        *,
        name: str,
        visibility: Visibility = Visibility.SHARED,
        metadata: str = "",
        group: tuple[str, int] | None = None,
    ) -> Progress:
        """Put finished partial uploads together and hand the file to the library; the parts go with it.

        Raises `uploads.parts` while one is missing or unfinished, and what `append` raises of a finished file.
        """
        found = await self._parts(caller, parts)
        size = sum(one.size_bytes for one in found)
        if size == 0:
            raise errors.empty(name)
        if size > self.quota.max_bytes:
            raise errors.too_large(name, self.quota.max_bytes)
        session = self._new(caller, size, name, visibility, metadata, Part.FINAL, tuple(parts), group)
        async with self._database.transaction() as tx:
            await store.add(tx.conn, session)
        async with Turn(self._turn(session.id)) as turn:
            try:
                await join(self._file(session.id), [self._file(one.id) for one in found])
                return Progress(session=await self._finish(session, turn), offset=size)
            except BaseException:
                turn.end()
                await self._forget([session])
                raise

    # Going on

    async def look(self, caller: Principal, upload_id: str) -> Progress:
        """Where it stands. Whoever still writes is stopped first, so that the answer holds.

        A whole file that a crash kept from the library is handed over now.
        """
        session = await self._get(caller, upload_id)
        if session.state is UploadState.DONE:
            return Progress(session=session, offset=session.size_bytes)
        async with Turn(self._turn(upload_id)) as turn:
            session = await self._get(caller, upload_id)
            progress = Progress(session=session, offset=await self._offset(session))
            if progress.is_complete and session.part is not Part.PARTIAL:
                return Progress(session=await self._finish(session, turn), offset=session.size_bytes)
            if progress.offset == 0 and session.patches == 0:
                values = {"empty_resumes": session.empty_resumes + 1}
                await self._set(session.id, values)
                if values["empty_resumes"] == RESUMES_OF_A_BUFFER:
                    log.warning("%s: asked twice how far it is, and nothing has ever come. %s", session.id, HOLDS_BACK)
                progress = Progress(session=msgspec.structs.replace(session, **values), offset=0)
            return progress

    async def append(
        self,
        caller: Principal,
        upload_id: str,
        body: AsyncIterator[bytes],
        *,
        offset: int,
        length: int | None = None,
        checksum: Checksum | None = None,
    ) -> Progress:
        """Add a body at `offset`, which is where the upload stands; `length` is its announced number of bytes.

        What came before a body broke off is kept, unless it has a checksum. Raises `upload.not-found`,
        `uploads.expired`, `uploads.final`, `uploads.offset-conflict`, `uploads.checksum-mismatch`, and what
        `Receiver.take` raises.
        """
        session = await self._get(caller, upload_id)
        if session.part is Part.FINAL:
            raise errors.final_is_closed()
        if session.state is UploadState.DONE:
            return self._again(session, offset, length)
        if offset + (length or 0) > session.size_bytes:
            raise errors.beyond_end(session.size_bytes)
        async with Turn(self._turn(upload_id)) as turn:
            session = await self._get(caller, upload_id)
            if session.state is UploadState.DONE:
                return self._again(session, offset, length)
            stands = await self._offset(session)
            if stands != offset:
                raise errors.offset_conflict(stands, offset)
            come = await self._receive(session, turn, body, offset=offset, checksum=checksum)
            progress = Progress(session=session, offset=come)
            if progress.is_complete and session.part is not Part.PARTIAL:
                progress = Progress(session=await self._finish(session, turn), offset=come)
            return progress

    async def terminate(self, caller: Principal, upload_id: str) -> None:
        """Forget an upload and its bytes; a video that was made of it stays."""
        async with Turn(self._turn(upload_id)) as turn:
            try:
                session = await self._get(caller, upload_id)
                await self._forget([session])
            finally:
                turn.end()

    # The supervisor's clock

    async def sweep(self) -> int:
        """Delete what has expired, but hand over what is whole; how many rows went.

        What is whole and cannot be handed over now, on a full disk say, is kept and tried again.
        """
        gone = 0
        while expired := await self._database.look(lambda conn: store.expired(conn, clock.now(), 200)):
            over = [session for session in expired if await self._end(session)]
            await self._forget(over)
            gone += len(over)
        return gone

    async def held_back(self, conn: AsyncConnection) -> int:
        """How many uploads of the last day look as if a proxy held their bytes back."""
        return await store.suspected(conn, clock.now() - 24 * 3600 * clock.SECOND, RESUMES_OF_A_BUFFER)

    async def adopt_partial(self, caller: Principal, path: Path, *, name: str, group: tuple[str, int]) -> None:
        """A whole file as a finished partial upload; one that its group has at that index already is replaced.

        For who holds the group alone.
        """
        size = (await asyncio.to_thread(path.stat)).st_size
        for known in await self.group(group[0]):
            if known.group_index == group[1]:
                await self._forget([known])
        session = await self.create(caller, size_bytes=size, name=name, part=Part.PARTIAL, group=group)
        await asyncio.to_thread(path.replace, self._file(session.id))
        await self._set(session.id, {"patches": 1, "checkpoint_bytes": size})

    # Inside

    async def _receive(
        self,
        session: UploadSession,
        turn: Turn,
        body: AsyncIterator[bytes],
        *,
        offset: int,
        checksum: Checksum | None,
    ) -> int:
        first: dict[str, Any] = {"verifying_from": offset} if checksum is not None else {}
        if session.patches == 0 or session.boot_id != boot_id():
            first |= {"patches": 1, "boot_id": boot_id()}
        if first:
            await self._set(session.id, first)
        descriptor = os.open(self._file(session.id), os.O_RDWR | os.O_CLOEXEC)
        receiver = Receiver(
            descriptor,
            offset=offset,
            size_bytes=session.size_bytes,
            name=session.name,
            sniff=session.part is Part.WHOLE,
            checksum=checksum,
            on_checkpoint=lambda upto: self._set(session.id, {"checkpoint_bytes": upto}),
        )
        kept = False
        try:
            await receiver.take(body, turn, self._stall_seconds)
            if checksum is not None and not hmac.compare_digest(receiver.digest or b"", checksum.digest):
                raise errors.checksum_mismatch(checksum.algorithm)
            kept = True
        except CutroomError as error:
            if error.code == "uploads.not-video":
                await self._refuse(session, turn)
            kept = checksum is None and error.code != "uploads.beyond-end"
            raise
        finally:
            if not kept:
                os.ftruncate(descriptor, offset)
            os.close(descriptor)
            await self._set(session.id, {"verifying_from": None, "expires_at": clock.now() + self._keep})
        return receiver.offset

    async def _finish(self, session: UploadSession, turn: Turn) -> UploadSession:
        """Hand the whole file over, exactly once: the row goes from open to done in the same transaction."""
        part = self._file(session.id)
        result = session
        try:
            await asyncio.to_thread(refuse_other_than_media, part, session.name)
        except CutroomError:
            await self._refuse(session, turn)
            raise

        async def claim(tx: Transaction) -> bool:
            return await store.finish(tx.conn, session.id)

        async def remember(tx: Transaction, handed: Handed) -> None:
            nonlocal result
            result = msgspec.structs.replace(session, state=UploadState.DONE, duplicate_of=handed.duplicate_of)
            await store.change(tx.conn, session.id, {"duplicate_of": list(handed.duplicate_of)})
            await store.remove(tx.conn, session.parts)

        await self._handover.hand_over(
            part,
            video_id=session.video_id,
            name=session.name,
            owner_id=session.owner_id,
            visibility=session.visibility,
            claim=claim,
            on_handed=remember,
        )
        turn.end()
        await asyncio.to_thread(self._unlink, session.parts)
        return result

    async def _refuse(self, session: UploadSession, turn: Turn) -> None:
        turn.end()
        await self._forget([session])

    async def _end(self, session: UploadSession) -> bool:
        """For a session whose time is over: whether it may be forgotten. A whole file is not thrown away."""
        if session.state is UploadState.DONE or session.part is Part.PARTIAL:
            return True
        try:
            async with Turn(self._turn(session.id)) as turn:
                if await self._offset(session) == session.size_bytes:
                    await self._finish(session, turn)
        except CutroomError as error:
            if error.kind not in _PASSING:
                return True
            await self._set(session.id, {"expires_at": clock.now() + _AGAIN})
            return False
        return True

    @staticmethod
    def _again(session: UploadSession, offset: int, length: int | None) -> Progress:
        """An empty request at the end of what is done already is fine: its answer may have got lost."""
        if offset != session.size_bytes or length:
            raise errors.offset_conflict(session.size_bytes, offset)
        return Progress(session=session, offset=offset)
