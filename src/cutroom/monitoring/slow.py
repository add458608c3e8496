"""Which statements take the database's time: the counts of every process of this data directory, put together."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cutroom.db.engine import Database
from cutroom.db.statements import STEPS, Counted, Kept, SlowOne, fingerprint, normalise

_DAYS = 7
_SHOWN_SLOW = 50
_SERVERS_OWN = text(
    "SELECT query, calls, total_exec_time / 1000.0, max_exec_time / 1000.0 FROM pg_stat_statements s "
    "JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() ORDER BY total_exec_time DESC LIMIT 200"
)


class SlowStatement(msgspec.Struct, frozen=True, kw_only=True):
    """One fingerprint over all processes. Seconds throughout."""

    fingerprint: str
    statement: str
    example: str
    calls: int
    failures: int
    seconds: float
    share: float  # of the time of all statements, 0 to 1
    p50: float  # to 19 %; as the callers saw it
    p95: float
    slowest: float
    server_calls: int | None  # as pg_stat_statements has it: every client's, None where it is not there
    server_seconds: float | None


class SlowReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `cutroom db slow` shows."""

    processes: int
    since: int | None  # µs since the epoch; None: nothing was counted yet
    seconds: float  # of all statements together
    statements: list[SlowStatement]  # those that took the most time first
    slow: list[SlowOne]  # calls above the threshold, the newest first
    server_statistics: bool  # whether pg_stat_statements was read


async def report(database: Database, folder: Path, *, limit: int = 20) -> SlowReport:
    """The `limit` fingerprints that took the most time, of the last seven days."""
    files = _read(folder)
    if database.statements is not None:
        own = database.statements.numbers()
        files = [one for one in files if (one.process, one.since) != (own.process, own.since)] + [own]
    server = await _server_statistics(database)
    merged = _merged(files)
    total = sum(one.seconds for one in merged)
    shown = sorted(merged, key=lambda one: -one.seconds)[:limit]
    return SlowReport(
        processes=len(files),
        since=min((one.since for one in files), default=None),
        seconds=total,
        statements=[_with_shares(one, total, server) for one in shown],
        slow=sorted((one for file in files for one in file.slow), key=lambda one: -one.at)[:_SHOWN_SLOW],
        server_statistics=server is not None,
    )


def _read(folder: Path) -> list[Kept]:
    found, oldest = [], (time.time() - _DAYS * 86400) * 1e6
    for path in sorted(folder.glob("*.json")):
        try:
            one = msgspec.json.decode(path.read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):
            continue  # of another version, or going away
        if one.until >= oldest:
            found.append(one)
    return found


def _merged(files: list[Kept]) -> list[SlowStatement]:
    groups: dict[str, list[Counted]] = {}
    for file in files:
        for one in file.statements:
            groups.setdefault(one.fingerprint, []).append(one)
    merged = []
    for some in groups.values():
        classes: Counter[int] = Counter()
        for one in some:
            classes.update(one.classes)
        merged.append(
            SlowStatement(
                fingerprint=some[0].fingerprint,
                statement=some[0].statement,
                example=some[0].example,
                calls=sum(one.calls for one in some),
                failures=sum(one.failures for one in some),
                seconds=sum(one.seconds for one in some),
                share=0.0,
                p50=_quantile(classes, 0.5),
                p95=_quantile(classes, 0.95),
                slowest=max(one.slowest for one in some),
                server_calls=None,
                server_seconds=None,
            )
        )
    return merged


def _quantile(classes: Counter[int], share: float) -> float:
    """The end of the class that holds the quantile: never less than the truth."""
    wanted, seen = share * classes.total(), 0
    for duration_class, calls in sorted(classes.items()):
        seen += calls
        if seen >= wanted:
            return float(2 ** (duration_class / STEPS) / 1e6)
    return 0.0


async def _server_statistics(database: Database) -> dict[str, tuple[int, float]] | None:
    """Calls and seconds by fingerprint from pg_stat_statements, where the server keeps it and lets us read it."""
    if database.is_sqlite:
        return None
    try:
        async with database.engine.connect() as conn:
            rows = (await conn.execute(_SERVERS_OWN)).all()
    except DBAPIError:
        return None
    found: dict[str, tuple[int, float]] = {}
    for query, calls, seconds, _ in rows:
        name = fingerprint(normalise(query))
        before = found.get(name, (0, 0.0))
        found[name] = (before[0] + int(calls), before[1] + float(seconds))
    return found


def _with_shares(one: SlowStatement, total: float, server: dict[str, tuple[int, float]] | None) -> SlowStatement:
    calls, seconds = (server or {}).get(one.fingerprint, (None, None))
    share = one.seconds / total if total else 0.0
    return msgspec.structs.replace(one, share=share, server_calls=calls, server_seconds=seconds)
