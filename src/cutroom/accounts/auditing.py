"""The audit log: who did what, to what, from where."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts import store
from cutroom.accounts.models import AuditEntries, Principal, Visit
from cutroom.core import clock
from cutroom.core.cursors import from_cursor, to_cursor
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

    async def page(self, conn: AsyncConnection, *, limit: int, after: str | None) -> AuditEntries:
        """Newest first, after the cursor of the page before. Raises `audit.cursor-invalid`."""
        before = None if after is None else from_cursor(after, tuple[int], of="audit", code="audit.cursor-invalid")[0]
        found = await store.list_audit(conn, limit=limit + 1, before_id=before)
        items = list(found[:limit])
        more = len(found) > limit
        return AuditEntries(items=items, next=to_cursor((items[-1].id,), of="audit") if more else None)

    async def has(self, conn: AsyncConnection, action: str) -> bool:
        """Whether anything of this kind was ever recorded."""
        return await store.has_audit(conn, action)
