"""Delivery's verbs: sign, verify, rotate, purge, count."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

import msgspec

from cutroom.db.engine import Database, Transaction
from cutroom.delivery import store as rows
from cutroom.delivery.cloudfront import CloudFront
from cutroom.delivery.errors import refused
from cutroom.delivery.keys import KeyRing
from cutroom.delivery.models import CdnStats, Refusal, SigningKey
from cutroom.delivery.purging import NginxCache, checked
from cutroom.delivery.signing import refusal, sign
from cutroom.storage.port import ObjectStore

FLUSH_SECONDS = 5.0
_SIGNED = re.compile(r"/media/([^/]+)/(.+)")


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """What an invalidation did."""

    paths: list[str]
    invalidations: list[str]  # ids that CloudFront gave
    files: int  # removed from the cache folder of nginx


class DeliveryService:
    """One a process."""

    def __init__(
        self,
        *,
        database: Database,
        store: ObjectStore,
        seconds: int,
        cloudfront: CloudFront | None = None,
        nginx: NginxCache | None = None,
    ) -> None:
        """`seconds`: how long a signature is good for at least; at most half as long again."""
        self._database = database
        self._store = store
        self._seconds = seconds
        self._counted: Counter[str] = Counter()
        self.cloudfront = cloudfront
        self._nginx = nginx
        self.keys = KeyRing(database)

    def expires_at(self) -> int:
        """When what is signed now ends: the same for all of a while, so that addresses stay the same for that while."""
        step = max(1, self._seconds // 2)
        return (int(time.time()) // step + 3) * step

    def signed_path(self, key: SigningKey, object_key: str, *, depth: int, who: str) -> str:
        """The path of an object, signed for everything that shares the first `depth` parts of its key."""
        prefix = "/".join(object_key.split("/")[:depth])
        self._counted["signed"] += 1
        token = sign(key, prefix, expires_at=self.expires_at(), who=who)
        return f"/media/{token}/{quote(object_key)}"

    def cookies(self) -> tuple[dict[str, str], int]:
        """CloudFront's cookies for a session and when they end; none without CloudFront."""
        if self.cloudfront is None:
            return {}, 0
        self._counted["signed"] += 1
        ends = self.expires_at()
        return self.cloudfront.cookies(expires_at=ends), ends

    async def check(self, token: str, object_key: str) -> None:
        """Raise why the token does not open the object: `delivery.expired` and the like."""
        reason = refusal(token, object_key, await self.keys.fresh(), now=time.time())
        if reason is not None:
            raise refused(reason)

    async def check_at_edge(self, path: str) -> None:
        """The same for a whole path as an edge was asked for it, and counted as a read there."""
        parts = _SIGNED.fullmatch(unquote(urlsplit(path).path))
        reason = Refusal.MALFORMED
        if parts is not None:
            reason_or_none = refusal(parts[1], parts[2], await self.keys.fresh(), now=time.time())
            if reason_or_none is None:
                self._counted["verified"] += 1
                return
            reason = reason_or_none
        self._counted["refused"] += 1
        raise refused(reason)

    def count_origin_read(self) -> None:
        """An object was read here, by an edge that does not have it or by somebody without one."""
        self._counted["origin_reads"] += 1

    async def purge(self, paths: Sequence[str]) -> Purged:
        """Have the edges forget these paths; raises `delivery.bad-path`, `delivery.cdn-refused`."""
        keys = await asyncio.to_thread(checked, paths, self._store)
        ids: list[str] = []
        files = 0
        if self.cloudfront is not None:
            ids = await asyncio.to_thread(self.cloudfront.invalidate, [f"/{quote(key, safe='/*')}" for key in keys])
        if self._nginx is not None:
            for key in keys:
                files += await asyncio.to_thread(self._nginx.purge, key)
        self._counted["invalidations"] += 1
        self._counted["paths_invalidated"] += len(keys)
        return Purged(paths=[f"/{key}" for key in keys], invalidations=ids, files=files)

    async def rotate(self, tx: Transaction, *, revoke: bool) -> SigningKey:
        """A new key; `revoke` ends every address that was given out."""
        return await self.keys.rotate(tx, revoke=revoke)

    async def flush(self) -> None:
        """Write what was counted in this process."""
        counted, self._counted = self._counted, Counter()
        if counted:
            async with self._database.transaction() as tx:
                await rows.count(tx.conn, datetime.now(UTC).date().isoformat(), counted)

    async def stats(self) -> CdnStats:
        """Counts of every process, this one's to the moment and the others' a few seconds old."""
        await self.flush()
        async with self._database.read() as conn:
            found = Counter(await rows.totals(conn))
        verified, reads = found["verified"], found["origin_reads"]
        hits = max(0, verified - reads) if verified else None
        return CdnStats(
            signed=found["signed"],
            verified=verified,
            refused=found["refused"],
            origin_reads=reads,
            hits=hits,
            misses=reads,
            hit_ratio=None if hits is None else round(hits / verified, 4),
            invalidations=found["invalidations"],
            paths_invalidated=found["paths_invalidated"],
        )
