"""What has to be done again and again: backups, retention, clearing up. `bootstrap` registers it.

When each was last begun is in the database, so that a restart forgets nothing, what was missed is made up for by one,
and of two supervisors only one begins it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.db import facts
from cutroom.db.engine import Transaction


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    """Something to begin every so often."""

    name: str
    every_seconds: float
    begin: Callable[[Transaction], Awaitable[object]]
    """Short: it writes rows, or queues a job that does the work."""


class Recurring:
    """Who calls: `bootstrap` to register, the supervisor's clock to begin what is due."""

    def __init__(self) -> None:
        self._known: dict[str, Recurrence] = {}

    def register(self, recurrence: Recurrence) -> None:
        """Make it known; the first time comes as soon as a supervisor looks."""
        self._known[recurrence.name] = recurrence

    async def due(self, conn: AsyncConnection) -> list[Recurrence]:
        """Those whose time has come."""
        return [one for one in self._known.values() if _is_due(one, await facts.get(conn, _fact(one)))]

    async def begin(self, tx: Transaction, recurrence: Recurrence) -> bool:
        """Begin one, unless another supervisor was faster."""
        known = await facts.get(tx.conn, _fact(recurrence))
        if not _is_due(recurrence, known):
            return False
        if not await facts.swap(tx.conn, _fact(recurrence), known, str(clock.now())):
            return False
        await recurrence.begin(tx)
        return True


def _is_due(recurrence: Recurrence, known: str | None) -> bool:
    """Also when the clock was set back to before the last time."""
    passed = clock.now() - int(known or 0)
    return not 0 <= passed < recurrence.every_seconds * clock.SECOND


def _fact(recurrence: Recurrence) -> str:
    return f"recurring.{recurrence.name}"
