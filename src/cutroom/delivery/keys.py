"""The keys in use: read again now and then, so that every process knows within seconds of one that was revoked."""

from __future__ import annotations

import asyncio
import secrets
import time

from cutroom.core import clock
from cutroom.db.engine import Database, Transaction
from cutroom.delivery import store
from cutroom.delivery.models import SigningKey

FRESH_SECONDS = 2.0
"""How long a revoked key may go on opening doors in another process."""


class KeyRing:
    """One a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, SigningKey] = {}
        self._newest: SigningKey | None = None
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    @property
    def known(self) -> dict[str, SigningKey]:
        """The keys as they were read last, by id."""
        return self._keys

    async def fresh(self) -> dict[str, SigningKey]:
        """The keys by id, at most `FRESH_SECONDS` old."""
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            async with self._reading:
                if time.monotonic() - self._read_at > FRESH_SECONDS:
                    await self._read()
        return self._keys

    async def newest(self) -> SigningKey:
        """The key to sign with; the first one is made when it is needed."""
        await self.fresh()
        if self._newest is None:
            async with self._database.transaction() as tx:
                if not any(key.revoked_at is None for key in await store.keys(tx.conn)):
                    await store.add_key(tx.conn, _new())
            await self._read()
        assert self._newest is not None
        return self._newest

    async def rotate(self, tx: Transaction, *, revoke: bool) -> SigningKey:
        """Sign with a new key from now on; `revoke`: what the old ones signed opens nothing any more."""
        if revoke:
            await store.revoke_all(tx.conn, at=clock.now())
        made = _new()
        await store.add_key(tx.conn, made)
        tx.after_commit(self._read)
        return made

    async def _read(self) -> None:
        async with self._database.read() as conn:
            found = await store.keys(conn)
        self._keys = {key.id: key for key in found}
        self._newest = next((key for key in found if key.revoked_at is None), None)
        self._read_at = time.monotonic()


def _new() -> SigningKey:
    return SigningKey(id=secrets.token_hex(4), secret=secrets.token_bytes(32), created_at=clock.now())
