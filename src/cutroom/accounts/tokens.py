"""Personal API tokens: shown once, stored hashed, as good as their account's role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts import store
from cutroom.accounts.auditing import AuditLog
from cutroom.accounts.digests import TOKEN_PREFIX, digest, new_secret
from cutroom.accounts.errors import forbidden
from cutroom.accounts.models import Principal, Role, Token, Visit
from cutroom.core import clock
from cutroom.core.errors import not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction

_TOUCH_EVERY = 600 * clock.SECOND


class Tokens:
    """Tokens of people's scripts."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def create(
        self, tx: Transaction, principal: Principal, visit: Visit, *, name: str, expires_in_days: int | None
    ) -> tuple[Token, str]:
        """A new token and its secret."""
        if principal.token_id is not None:
            # A leaked token must not be able to outlive its own revocation.
            raise forbidden("A token cannot make tokens.", "Sign in with a password or a link, then make the token.")
        now = clock.now()
        expires_at = now + expires_in_days * 24 * 3600 * clock.SECOND if expires_in_days else None
        secret = new_secret(TOKEN_PREFIX)
        token = Token(
            id=new_id("tok"),
            account_id=principal.account_id,
            name=name,
            created_at=now,
            last_used_at=None,
            expires_at=expires_at,
        )
        await store.insert_token(tx.conn, token, digest(secret))
        await self._audit.record(tx, principal, "token.create", token.id, visit, name=name)
        return token, secret

    async def authenticate(self, secret: str) -> Principal | None:
        """Who the secret stands for."""
        if not secret.startswith(TOKEN_PREFIX):
            return None
        now = clock.now()
        row = await self._database.look(lambda conn: store.find_token(conn, secret_hash=digest(secret), now=now))
        if row is None:
            return None
        if row["last_used_at"] is None or now - row["last_used_at"] > _TOUCH_EVERY:
            async with self._database.transaction() as tx:
                await store.touch_token(tx.conn, row["id"], now)
        return _principal(row)

    async def current(self, conn: AsyncConnection, token_id: str) -> Principal | None:
        """Who a token stands for now; None when it has ended."""
        row = await store.find_token(conn, token_id=token_id, now=clock.now())
        return _principal(row) if row is not None else None

    async def of(self, conn: AsyncConnection, principal: Principal) -> list[Token]:
        """The principal's tokens, newest first."""
        return await store.list_tokens(conn, principal.account_id)

    async def revoke(self, tx: Transaction, principal: Principal, visit: Visit, token_id: str) -> None:
        """Delete one of the principal's tokens."""
        if not await store.delete_token(tx.conn, principal.account_id, token_id):
            raise not_found("token", token_id)
        await self._audit.record(tx, principal, "token.revoke", token_id, visit)


def _principal(row: Mapping[str, Any]) -> Principal:
    return Principal(account_id=row["account_id"], name=row["account_name"], role=Role(row["role"]), token_id=row["id"])
