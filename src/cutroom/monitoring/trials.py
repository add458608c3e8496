"""What a statement costs with an index and without, told by the planner: no index is made for it.

PostgreSQL: hypopg's indexes that exist for the planner only, and generic plans, because no values are kept. SQLite: an
empty copy of the schema with the statistics of the real tables, whose plans are weighed by the rows they visit.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.monitoring.candidates import Candidate

_PARAMETER = re.compile(r"\$(\d+)")
_STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:AUTOMATIC )?(?:COVERING |PARTIAL )*INDEX (\w+))?.*?(\(.*\))?$")
_SAMPLE = 20_000


class PostgresTrial:
    """On one connection, in a transaction that is rolled back."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    @classmethod
    async def ready(cls, conn: AsyncConnection) -> bool:
        """Whether hypopg can be had."""
        try:
            async with conn.begin_nested():
                await conn.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS hypopg")
        except DBAPIError:
            return False
        return True

    async def cost(self, statement: str, candidate: Candidate | None) -> float | None:
        """The planner's cost; None where it cannot be explained."""
        numbers = [int(one) for one in _PARAMETER.findall(statement)]
        values = ", ".join(["NULL"] * max(numbers, default=0))
        try:
            async with self._conn.begin_nested() as undone:
                if candidate is not None:
                    definition = f"CREATE INDEX {candidate.definition}"
                    await self._conn.exec_driver_sql("SELECT hypopg_create_index($1)", (definition,))
                await self._conn.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
                await self._conn.exec_driver_sql(f"PREPARE advised AS {statement}")
                asked = f"EXPLAIN (FORMAT JSON) EXECUTE advised{f'({values})' if values else ''}"
                plan = (await self._conn.exec_driver_sql(asked)).scalar_one()
                await self._conn.exec_driver_sql("DEALLOCATE advised")
                await self._conn.exec_driver_sql("SELECT hypopg_reset()")
                await undone.rollback()
        except DBAPIError:
            return None
        return float(plan[0]["Plan"]["Total Cost"])


class SQLiteTrial:
    """The schema in memory, with statistics."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self._real = real
        self._copy = sqlite3.connect(":memory:", isolation_level=None)
        self._rows: dict[str, int] = {}
        rows = real.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'trigger'")
        for kind, name, sql in rows.fetchall():
            if kind in ("table", "index") and not name.startswith(("sqlite_", "search_words_")):
                self._copy.execute(sql)
        self._copy.execute("ANALYZE sqlite_schema")
        for table, name, columns in self._indexes():
            self._note(table, name, columns)

    def close(self) -> None:
        """Forget the copy."""
        self._copy.close()

    def rows(self, table: str) -> int:
        """About how many a table has: the largest row id, which SQLite finds at once."""
        if table not in self._rows:
            try:
                found = self._real.execute(f'SELECT max(rowid) FROM "{table}"').fetchone()[0]  # noqa: S608
            except sqlite3.Error:
                found = self._real.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
            self._rows[table] = int(found or 0)
        return self._rows[table]

    def cost(self, statement: str, candidate: Candidate | None) -> float | None:
        """Rows visited, as the plan and the statistics say; None where it cannot be explained."""
        try:
            if candidate is not None:
                self._copy.execute(f'CREATE INDEX "{candidate.name}" {candidate.definition}')
                self._note(candidate.table, candidate.name, [one.removesuffix(" DESC") for one in candidate.columns])
            self._copy.execute("ANALYZE sqlite_schema")  # read what was noted
            holders = statement.count("?")
            plan = self._copy.execute(f"EXPLAIN QUERY PLAN {statement}", [None] * holders).fetchall()
            return self._weigh([str(row[3]) for row in plan])
        except sqlite3.Error:
            return None
        finally:
            if candidate is not None:
                self._copy.execute(f'DROP INDEX IF EXISTS "{candidate.name}"')
                self._copy.execute("DELETE FROM sqlite_stat1 WHERE idx = ?", (candidate.name,))

    def _indexes(self) -> list[tuple[str, str, list[str]]]:
        query = (
            "SELECT m.name, l.name, i.name FROM sqlite_master m, pragma_index_list(m.name) l, "
            "pragma_index_info(l.name) i WHERE m.type = 'table' ORDER BY 1, 2, i.seqno"
        )
        found: dict[tuple[str, str], list[str]] = {}
        for table, index, column in self._copy.execute(query):
            found.setdefault((table, index), []).append(column)
        return [(*names, columns) for names, columns in found.items() if None not in columns]

    def _note(self, table: str, index: str, columns: Sequence[str]) -> None:
        """The line that ANALYZE would write: rows, and rows for each value of the first one, two, … columns."""
        total = self.rows(table)
        listed = ", ".join(f'"{column}"' for column in columns)
        # A sample spread over the table: neighbours resemble each other.
        stride = max(1, total // _SAMPLE)
        sample = f'SELECT {listed} FROM "{table}" WHERE rowid % {stride} = 0 LIMIT {_SAMPLE}'  # noqa: S608
        try:
            seen = self._real.execute(sample).fetchall()
        except sqlite3.Error:
            return
        numbers = [max(1, total)]
        for width in range(1, len(columns) + 1):
            distinct = max(1, len({row[:width] for row in seen}))
            # Nearly all different in the sample: as different in the whole.
            whole = total * distinct / len(seen) if seen and distinct > 0.5 * len(seen) else distinct
            numbers.append(max(1, round(total / max(1, whole))))
        self._copy.execute(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", (table, index, " ".join(map(str, numbers)))
        )

    def _weigh(self, plan: list[str]) -> float:
        visited, product = 0.0, 1.0
        for line in plan:
            step = _STEP.match(line)
            if step is None:
                if "TEMP B-TREE" in line:
                    visited += product * math.log2(product + 2)
                continue
            _, name, index, terms = step.groups()
            product *= max(1.0, self._rows_of_step(name, index, terms or ""))
            visited += product
        return visited

    def _rows_of_step(self, name: str, index: str | None, terms: str) -> float:
        if index is None:
            total = float(self.rows(name)) if self._is_table(name) else 1.0
            return 1.0 if "=?" in terms else total
        row = self._copy.execute("SELECT stat FROM sqlite_stat1 WHERE idx = ?", (index,)).fetchone()
        if row is None:
            return float(self.rows(name)) if self._is_table(name) else 1.0
        numbers = [int(word) for word in row[0].split() if word.isdigit()]
        equal = min(terms.count("=?"), len(numbers) - 1)
        return numbers[equal] / (4.0 if re.search(r"[<>]\?", terms) else 1.0)

    def _is_table(self, name: str) -> bool:
        found = self._copy.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
        return found.fetchone() is not None


def on_sqlite(path: str, act: Callable[[SQLiteTrial], Any]) -> Any:
    """Run `act` with a trial over the file, which is only read."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as real, closing(SQLiteTrial(real)) as trial:
        return act(trial)
