"""How much may come: for a file, for an account, and for the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.library.service import LibraryService
from cutroom.uploads import errors, store

_RESERVED_BYTES = 64 << 20  # of the disk, for the database and what is made of the file
_MOST_OPEN = 20_000  # sessions of one account; the chunks of a form are sessions too


class Quota:
    """The limits that the settings give; they hold before the first byte is taken."""

    def __init__(self, library: LibraryService, *, scratch: Path, max_bytes: int, account_bytes: int) -> None:
        """`account_bytes`: all originals that an account sent, together; 0: no such limit."""
        self._library = library
        self._scratch = scratch
        self.max_bytes = max_bytes
        self._account_bytes = account_bytes

    async def admit(self, conn: AsyncConnection, owner_id: str | None, name: str, size_bytes: int | None) -> int:
        """The most bytes that a file of this account may have now; `size_bytes` is what was announced, if anything.

        Raises `uploads.too-large`, `uploads.quota`, `uploads.too-many-open` and `storage.full`.
        """
        size = size_bytes or 0
        if size > self.max_bytes:
            raise errors.too_large(name, self.max_bytes)
        most = self.max_bytes
        if owner_id is not None:
            most = min(most, await self._left(conn, owner_id, name, size))
        free = shutil.disk_usage(self._scratch).free - _RESERVED_BYTES
        if size > free:
            raise errors.no_room(name, max(0, free))
        return most

    def exceeded(self, name: str, most: int) -> Exception:
        """The error for a file that grew beyond what `admit` said."""
        if most < self.max_bytes:
            return errors.over_quota(name, self._account_bytes)
        return errors.too_large(name, self.max_bytes)

    async def _left(self, conn: AsyncConnection, owner_id: str, name: str, size: int) -> int:
        count, coming = await store.usage(conn, owner_id)
        if count >= _MOST_OPEN:
            raise errors.too_many_open()
        if not self._account_bytes:
            return self.max_bytes
        left = self._account_bytes - coming - await self._library.stored_bytes(conn, owner_id)
        if size > left or left <= 0:
            raise errors.over_quota(name, self._account_bytes)
        return left
