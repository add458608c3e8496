"""What Cutroom does by itself every so often: it forgets old job rows, and copies a SQLite database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutroom.core import clock
from cutroom.db.engine import Transaction
from cutroom.db.upgrade import backup_sqlite
from cutroom.jobs.models import HASH, Job, JobKind
from cutroom.jobs.recurring import Recurrence

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom

HOUR = 3_600.0
DAY = 24 * HOUR
BACKUP_KIND = "backup"
LABEL = "daily"
KEEP_BACKUPS = 7


def backup_database(*, report: Callable[[dict[str, Any]], None], path: str) -> dict[str, Any]:
    """Copy a live SQLite database, keep the newest copies of this kind; run in a child."""
    made = backup_sqlite(Path(path), label=LABEL)
    older = sorted(made.parent.glob(f"*-{LABEL}.db"))[:-KEEP_BACKUPS]
    for copy in older:
        copy.unlink(missing_ok=True)
    return {"name": made.name, "bytes": made.stat().st_size, "removed": len(older)}


def kinds(cutroom: Cutroom) -> list[JobKind]:
    """The kind `backup`."""

    async def prepare(_tx: Transaction, _job: Job) -> dict[str, Any] | None:
        return {"path": str(cutroom.data.database)} if cutroom.database.is_sqlite else None

    async def publish(_tx: Transaction, _job: Job, result: dict[str, Any]) -> dict[str, Any]:
        return result

    return [
        JobKind(
            name=BACKUP_KIND,
            queue="io",
            target="cutroom.bootstrap.maintenance:backup_database",
            prepare=prepare,
            publish=publish,
            deadline_seconds=HOUR,
        )
    ]


def recurrences(cutroom: Cutroom) -> list[Recurrence]:
    """Everything that recurs."""

    async def forget(tx: Transaction) -> None:
        before = clock.now() - int(cutroom.settings.jobs.keep_days * DAY * clock.SECOND)
        while await cutroom.jobs.prune(tx, before=before):
            pass

    async def back_up(tx: Transaction) -> None:
        await cutroom.jobs.enqueue(
            tx,
            kind=BACKUP_KIND,
            payload={},
            subject="database",
            title="Backup of the database",
            priority=HASH,
            idempotency_key=BACKUP_KIND,
        )

    found = [Recurrence(name="forget-jobs", every_seconds=HOUR, begin=forget)]
    if cutroom.database.is_sqlite and cutroom.settings.database.backup_days:
        every = cutroom.settings.database.backup_days * DAY
        found.append(Recurrence(name=BACKUP_KIND, every_seconds=every, begin=back_up))
    return found
