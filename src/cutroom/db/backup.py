"""A copy of the database in one file: whole, checked, and on the disk before it gets its name."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.processes import programs

_HOURS = 6


def back_up_sqlite(source: Path, target: Path) -> None:
    """SQLite's online backup (https://sqlite.org/backup.html), while others go on writing.

    Raises `db.backup-damaged` when the copy does not pass SQLite's own check: then the database itself is damaged.
    """
    aside = _aside(target)
    try:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(aside)) as copy:
            original.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            said = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok":
            raise CutroomError(
                "db.backup-damaged",
                f"The database is damaged, so its copy was not kept: {said}.",
                hint="Restore an earlier backup; sqlite3's .recover saves what can be saved.",
                kind=ErrorKind.FAILED,
            )
        _publish(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def back_up_postgres(url: str, target: Path) -> None:
    """`pg_dump` in its custom format, for `pg_restore`. Raises `db.no-pg-dump` and `db.backup-failed`."""
    program = shutil.which("pg_dump")
    if program is None:
        raise CutroomError(
            "db.no-pg-dump",
            "The database is on a PostgreSQL server, and pg_dump is not installed here.",
            hint="Install it: apt-get install postgresql-client",
            kind=ErrorKind.UNSUPPORTED,
        )
    parts, aside = make_url(url), _aside(target)
    # The password goes by the environment: everybody may read the words of a command.
    environment = {"PGPASSWORD": parts.password} if parts.password else {}
    shown = parts.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    try:
        words = [program, "--format=custom", f"--file={aside}", f"--dbname={shown}"]
        done = programs.run(words, environment=environment, seconds=_HOURS * 3600)
        if done.status != 0:
            message = f"pg_dump failed: {done.said}."
            raise CutroomError("db.backup-failed", message, kind=ErrorKind.FAILED)
        _publish(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def _aside(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    aside.touch(mode=0o600)  # it holds what nobody else may read
    return aside


def _publish(aside: Path, target: Path) -> None:
    """Flush the file, give it its name, flush the folder: after a power cut there is the whole copy or none."""
    for path, then in ((aside, lambda: aside.replace(target)), (target.parent, lambda: None)):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        then()
