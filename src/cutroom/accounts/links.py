"""One-time links: the first administrator's set-up, and signing in without a password."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts import store
from cutroom.accounts.auditing import AuditLog
from cutroom.accounts.digests import digest, new_secret
from cutroom.accounts.errors import bad_link
from cutroom.accounts.models import Account, Visit
from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorKind, not_found
from cutroom.db.engine import Transaction


class Links:
    """Secrets that are good once, and not for long."""

    def __init__(self, audit: AuditLog, *, minutes: int = 60) -> None:
        self._audit = audit
        self._lasting = minutes * 60 * clock.SECOND

    async def new_setup(self, tx: Transaction) -> str:
        """The secret for `/setup#SECRET`; earlier set-up links stop working."""
        if await store.administrators(tx.conn):
            raise _already_set_up()
        return await self._new(tx, None)

    async def new_login(self, tx: Transaction, account_id: str) -> str:
        """The secret for `/login#SECRET`; earlier links of this account stop working."""
        account = await store.find_account(tx.conn, account_id=account_id)
        if account is None or account.disabled_at is not None:
            raise not_found("account", account_id)
        return await self._new(tx, account_id)

    async def check_setup(self, conn: AsyncConnection, secret: str) -> None:
        """Raise unless `secret` is a good set-up link; does not use it up."""
        if await store.administrators(conn):
            raise _already_set_up()
        row = await store.find_link(conn, digest(secret), clock.now())
        if row is None or row.account_id is not None:
            raise bad_link()

    async def spend_setup(self, tx: Transaction, secret: str) -> None:
        """Use up the set-up link, or raise."""
        if await store.administrators(tx.conn):
            raise _already_set_up()
        row = await store.spend_link(tx.conn, digest(secret), clock.now())
        if row is None or row.account_id is not None:
            raise bad_link()

    async def spend_login(self, tx: Transaction, secret: str, visit: Visit) -> Account:
        """Use up a sign-in link, or raise; the account it signs in."""
        row = await store.spend_link(tx.conn, digest(secret), clock.now())
        if row is None or row.account_id is None:
            raise bad_link()
        account = await store.find_account(tx.conn, account_id=row.account_id)
        if account is None or account.disabled_at is not None:
            raise bad_link()
        return account

    async def _new(self, tx: Transaction, account_id: str | None) -> str:
        now = clock.now()
        secret = new_secret()
        await store.delete_links(tx.conn, account_id)
        await store.insert_link(
            tx.conn, digest(secret), account_id=account_id, created_at=now, expires_at=now + self._lasting
        )
        await self._audit.record(tx, None, "link.create", account_id or "setup")
        return secret


def _already_set_up() -> CutroomError:
    return CutroomError(
        "accounts.already-set-up",
        "An administrator exists already.",
        hint="Sign in, or run `cutroom login-link NAME` on the server.",
        kind=ErrorKind.CONFLICT,
    )
