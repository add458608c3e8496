"""Files that come as numbered chunks of a form, in any order: each is a partial upload, which are then concatenated."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from cutroom.accounts.models import Principal
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.core.ids import new_id
from cutroom.library.models import Visibility
from cutroom.uploads import errors
from cutroom.uploads.headers import MAX_PARTS
from cutroom.uploads.models import Progress, UploadSession, UploadState
from cutroom.uploads.resumable import ResumableUploads
from cutroom.uploads.spool import Spool
from cutroom.uploads.turns import one_at_a_time

_WHOLE = -1
"""The index of the file that the chunks become."""


class ChunkedForms:
    """`spool` a chunk, then `take` it in once the form's other fields are known."""

    def __init__(self, resumable: ResumableUploads, *, scratch: Path) -> None:
        self._resumable = resumable
        self._folder = scratch / "uploads"

    async def spool(self, body: AsyncIterator[bytes], name: str) -> Path:
        """The chunk's bytes in a file of their own. Raises `uploads.too-large`, `storage.full`."""
        part = self._folder / f"{new_id('chk')}.part"
        try:
            async with Spool(part) as spool:
                async for piece in body:
                    await spool.write(piece)
                    if spool.size_bytes > self._resumable.quota.max_bytes:
                        raise errors.too_large(name, self._resumable.quota.max_bytes)
                await spool.finish()
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return part

    async def take(
        self,
        caller: Principal,
        part: Path,
        *,
        form_id: str,
        index: int,
        total: int,
        name: str,
        visibility: Visibility = Visibility.SHARED,
    ) -> Progress | None:
        """Keep the chunk `index` of `total`; the finished upload when it was the last one that was missing.

        A chunk that comes again replaces the one before it; when the file is in the library already, nothing happens
        but the answer. `form_id` is any text of the client's. Chunks that come side by side are taken in one after
        another. Raises `uploads.bad-chunk`, `uploads.locked` and what `ResumableUploads.concatenate` raises.
        """
        if not (1 <= total <= MAX_PARTS and 0 <= index < total and 1 <= len(form_id) <= 200):
            raise CutroomError(
                "uploads.bad-chunk",
                f"There is no chunk {index} of {total}.",
                hint=f"chunk_index counts from 0, total_chunks is 1 to {MAX_PARTS}, upload_id has 1 to 200 letters.",
                kind=ErrorKind.UNPROCESSABLE,
            )
        key = hashlib.sha256(f"{caller.account_id}\0{form_id}".encode()).hexdigest()
        async with one_at_a_time(self._folder / f"{key}.form"):
            if (done := await self._done(key)) is not None:
                return done
            await self._resumable.adopt_partial(caller, part, name=name, group=(key, index))
            chunks = {one.group_index: one for one in await self._of(key)}
            if (left := chunks.pop(_WHOLE, None)) is not None:  # half a file, by somebody who died
                await self._resumable.terminate(caller, left.id)
            if set(chunks) != set(range(total)):
                return None
            ids = [chunks[number].id for number in range(total)]
            return await self._resumable.concatenate(caller, ids, name=name, visibility=visibility, group=(key, _WHOLE))

    async def _done(self, key: str) -> Progress | None:
        for one in await self._of(key):
            if one.group_index == _WHOLE and one.state is UploadState.DONE:
                return Progress(session=one, offset=one.size_bytes)
        return None

    async def _of(self, key: str) -> list[UploadSession]:
        return await self._resumable.group(key)

    async def drop(self, part: Path) -> None:
        """Remove what `spool` wrote, if `take` has not taken it."""
        await asyncio.to_thread(part.unlink, missing_ok=True)
