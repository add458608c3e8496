"""Sessions: rows that a cookie's secret hashes to, extended while they are used, deleted to revoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts import store
from cutroom.accounts.auditing import AuditLog
from cutroom.accounts.digests import digest, new_secret
from cutroom.accounts.models import Account, Principal, Role, Session, SignedIn, Visit
from cutroom.core import clock
from cutroom.core.errors import not_found
from cutroom.db.engine import Database, Transaction

_DAY = 24 * 3600 * clock.SECOND
_RECENT = 600 * clock.SECOND
_TOUCH_EVERY = 600 * clock.SECOND  # a write every ten minutes of use, not every request


class Sessions:
    """Signed-in browsers."""

    def __init__(self, database: Database, audit: AuditLog, *, idle_days: int = 30, longest_days: int = 365) -> None:
        self._database = database
        self._audit = audit
        self._idle = idle_days * _DAY
        self._longest = longest_days * _DAY

    async def open(self, tx: Transaction, account: Account, visit: Visit, *, how: str) -> SignedIn:
        """Start a session; the returned secret exists nowhere else."""
        now = clock.now()
        await store.delete_expired(tx.conn, now)
        secret = new_secret()
        session = Session(
            id=digest(secret),
            account_id=account.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + min(self._idle, self._longest),
            user_agent=visit.user_agent,
        )
        await store.insert_session(tx.conn, session)
        await self._audit.record(tx, account.id, "session.open", account.id, visit, how=how)
        principal = Principal(account_id=account.id, name=account.name, role=account.role, session_hash=session.id)
        return SignedIn(principal=principal, secret=secret, ends_at=now + self._longest)

    async def authenticate(self, secret: str) -> Principal | None:
        """Who the cookie's secret stands for; moves the session's end when it has not moved for a while."""
        now = clock.now()
        row = await self._database.look(lambda conn: store.find_session(conn, digest(secret), now))
        if row is None:
            return None
        if now - row["last_seen_at"] > _TOUCH_EVERY:
            expires_at = min(now + self._idle, row["created_at"] + self._longest)
            async with self._database.transaction() as tx:
                await store.touch_session(tx.conn, row["id_hash"], seen=now, expires_at=expires_at)
        return _principal(row)

    async def current(self, conn: AsyncConnection, session_hash: str) -> Principal | None:
        """Who a session stands for now; None when it has ended."""
        row = await store.find_session(conn, session_hash, clock.now())
        return _principal(row) if row is not None else None

    async def is_recent(self, conn: AsyncConnection, principal: Principal) -> bool:
        """Whether the principal signed in within the last ten minutes."""
        if principal.session_hash is None:
            return False
        now = clock.now()
        row = await store.find_session(conn, principal.session_hash, now)
        return row is not None and now - int(row["created_at"]) < _RECENT

    async def of(self, conn: AsyncConnection, principal: Principal) -> list[Session]:
        """The principal's sessions, newest first."""
        return await store.list_sessions(conn, principal.account_id, clock.now())

    async def end(self, tx: Transaction, principal: Principal, visit: Visit, *, session_id: str | None) -> None:
        """End one of the principal's sessions, or all of them."""
        ended = await store.delete_sessions(tx.conn, principal.account_id, only=session_id)
        if session_id is not None and not ended:
            raise not_found("session", session_id)
        await self._audit.record(tx, principal, "session.end", principal.account_id, visit, ended=ended)


def _principal(row: Mapping[str, Any]) -> Principal:
    return Principal(
        account_id=row["account_id"], name=row["name"], role=Role(row["role"]), session_hash=row["id_hash"]
    )
