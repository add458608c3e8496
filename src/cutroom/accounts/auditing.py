"""The audit log: who did what, to what, from where."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts import store
from cutroom.accounts.models import AuditEntry, Principal, Visit
from cutroom.core import clock
from cutroom.db.engine import Transaction


class AuditLog:
    """Entries are written in the transaction of the act they tell of."""

    async def record(
        self,
        tx: Transaction,
        actor: Principal | str | None,
        action: str,
        subject: str,
        visit: Visit | None = None,
        **detail: object,
    ) -> None:
        """`actor` is a principal, an account id, or None for the system itself."""
        await store.insert_audit(
            tx.conn,
            created_at=clock.now(),
            account_id=actor.account_id if isinstance(actor, Principal) else actor,
            action=action,
            subject=subject,
            remote=visit.remote if visit else None,
            detail=detail,
        )

    async def page(self, conn: AsyncConnection, *, limit: int, before_id: int | None) -> Sequence[AuditEntry]:
        """Newest first; `before_id` is the last id of the page before."""
        return await store.list_audit(conn, limit=limit, before_id=before_id)

    async def has(self, conn: AsyncConnection, action: str) -> bool:
        """Whether anything of this kind was ever recorded."""
        return await store.has_audit(conn, action)
