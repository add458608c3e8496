"""What a database says when it does not do what it is asked, as one sentence with a code."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cutroom.core.errors import CutroomError, ErrorKind

REFUSALS = (DBAPIError, sqlite3.OperationalError, PoolTimeout)
"""Locked, full, gone, too slow. The bare ones come from BEGIN and from the pool."""

_CANCELLED = "57014"  # PostgreSQL's query_canceled: statement_timeout
_NOT_NOW = ("08", "28", "53", "57")  # classes of SQLSTATE: connection, who may, resources, stopping and starting
_MISTAKES = (IntegrityError, DataError, ProgrammingError)


def explain(error: Exception) -> Exception:
    """The refusal as a `CutroomError`; what is no refusal but a mistake of the statement stays what it is."""
    if isinstance(error, PoolTimeout):
        return CutroomError(
            "db.pool-exhausted",
            "Every connection to the database was in use for too long.",
            hint="Try again; if it persists, raise CUTROOM_DATABASE_POOL_SIZE or look at `cutroom db slow`.",
            kind=ErrorKind.UNAVAILABLE,
        )
    if isinstance(error, _MISTAKES) and not isinstance(error, InterfaceError):
        return error
    original = getattr(error, "orig", error)
    said = str(original)
    if getattr(original, "sqlstate", None) == _CANCELLED or said == "interrupted":
        return query_timeout()
    return _by_words(said, error)


def query_timeout() -> CutroomError:
    """A statement that ran past `query_seconds`."""
    return CutroomError(
        "db.query-timeout",
        "The database took too long over this question, so it was stopped.",
        hint="Ask for less; `cutroom db slow` shows what is slow, and CUTROOM_DATABASE_QUERY_SECONDS is the limit.",
        kind=ErrorKind.UNAVAILABLE,
    )


def unreachable(error: OSError) -> CutroomError:
    """No connection to a PostgreSQL server."""
    return CutroomError(
        "db.unreachable",
        f"The database cannot be reached: {error.strerror or error}.",
        hint="Look whether the PostgreSQL server of CUTROOM_DATABASE_URL is running, and at its sslmode.",
        kind=ErrorKind.UNAVAILABLE,
    )


def _by_words(said: str, error: Exception) -> Exception:
    if "locked" in said or "busy" in said:
        return CutroomError(
            "db.busy",
            "The database stayed locked by another writer for too long.",
            hint="Try again; if it persists, look for a second Cutroom on the same data directory.",
            kind=ErrorKind.UNAVAILABLE,
        )
    if "full" in said or "No space" in said:
        return CutroomError(
            "db.disk-full",
            "The disk that holds the database is full; nothing was changed.",
            hint="Free some space in the data directory, then try again.",
            kind=ErrorKind.NO_SPACE,
        )
    if isinstance(error, OperationalError | InterfaceError | sqlite3.OperationalError) or _is_gone(error):
        return CutroomError("db.failed", f"The database refused: {said}.", kind=ErrorKind.UNAVAILABLE)
    return error


def _is_gone(error: Exception) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or str(getattr(error.orig, "sqlstate", "")).startswith(_NOT_NOW)
