"""Which indexes a statement could use: columns compared for equality, then a range, then what it is ordered by."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_MOST_COLUMNS = 4
_EQUAL = (exp.EQ, exp.In, exp.Is)
_RANGE = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An index that might help."""

    table: str
    columns: tuple[str, ...]  # each a name, with " DESC" behind it where the order asks for that

    @property
    def name(self) -> str:
        """What it is called when it is created."""
        words = [column.removesuffix(" DESC") for column in self.columns]
        return "_".join(("ix_advised", self.table, *words))[:60]

    @property
    def definition(self) -> str:
        """Behind CREATE INDEX [IF NOT EXISTS name]."""
        columns = ", ".join(f'"{one.removesuffix(" DESC")}"{" DESC" * one.endswith(" DESC")}' for one in self.columns)
        return f'ON "{self.table}" ({columns})'


class _Uses(msgspec.Struct):
    """How a statement uses the columns of one table."""

    equal: dict[str, None] = {}
    ranged: dict[str, None] = {}
    ordered: dict[str, bool] = {}  # column: descending


def candidates(statement: str, *, sqlite: bool, columns: dict[str, set[str]]) -> list[Candidate]:
    """What could help a statement; `columns` are those of each table. Empty for what cannot be parsed."""
    try:
        parsed = sqlglot.parse_one(statement, read="sqlite" if sqlite else "postgres")
    except SqlglotError:
        return []
    found: dict[Candidate, None] = {}
    for scope in parsed.find_all(exp.Select, exp.Update, exp.Delete):
        for table, uses in _uses(scope, columns).items():
            for shape in _shapes(uses):
                found.setdefault(Candidate(table=table, columns=shape), None)
    return list(found)


def written_tables(statement: str, *, sqlite: bool) -> set[str]:
    """The tables that a statement inserts into, updates or deletes from."""
    try:
        parsed = sqlglot.parse_one(statement, read="sqlite" if sqlite else "postgres")
    except SqlglotError:
        return set()
    return {
        table.name
        for one in parsed.find_all(exp.Insert, exp.Update, exp.Delete)
        if (table := one.this.find(exp.Table) if one.this is not None else None) is not None
    }


def _uses(scope: exp.Expression, columns: dict[str, set[str]]) -> dict[str, _Uses]:
    tables = {one.alias_or_name: one.name for one in _own(scope, exp.Table) if one.name in columns}
    found: dict[str, _Uses] = {}

    def uses_of(column: exp.Expression | None) -> tuple[_Uses, str] | None:
        if not isinstance(column, exp.Column):
            return None
        holders = (
            [tables.get(column.table)]
            if column.table
            else [name for name in tables.values() if column.name in columns[name]]
        )
        if len(holders) != 1 or holders[0] is None or column.name not in columns[holders[0]]:
            return None
        return found.setdefault(holders[0], _Uses(equal={}, ranged={}, ordered={})), column.name

    for one in _own(scope, *_EQUAL, *_RANGE):
        for side in _sides(one):
            if (used := uses_of(side)) is not None:
                (used[0].equal if isinstance(one, _EQUAL) else used[0].ranged).setdefault(used[1])
    order = scope.args.get("order")
    for key in order.expressions if order is not None else ():
        if (used := uses_of(key.this)) is None:
            break
        used[0].ordered.setdefault(used[1], bool(key.args.get("desc")))
    return found


def _sides(comparison: exp.Expression) -> Iterator[exp.Expression]:
    """The columns compared; of a row value the first, which is what an index is entered by."""
    for side in (comparison.this, comparison.args.get("expression")):
        if isinstance(side, exp.Tuple):
            yield side.expressions[0]
        elif side is not None:
            yield side.this if isinstance(side, exp.Paren | exp.Cast) else side


def _shapes(uses: _Uses) -> Iterator[tuple[str, ...]]:
    equal = list(uses.equal)[:_MOST_COLUMNS]
    ranged = [one for one in uses.ranged if one not in uses.equal]
    ordered = [f"{one} DESC" if down else one for one, down in uses.ordered.items() if one not in uses.equal]
    for shape in (
        [*equal, *ranged[:1]],
        [*equal, *ordered],
        [*equal, *ranged[:1], *(one for one in ordered if one.removesuffix(" DESC") not in ranged[:1])],
    ):
        if shape and len(shape) <= _MOST_COLUMNS:
            yield tuple(shape)


def _own(scope: exp.Expression, *kinds: type[exp.Expression]) -> Iterator[exp.Expression]:
    """What is in a select itself, not in one inside it."""
    for one in scope.find_all(*kinds):
        if one.find_ancestor(exp.Select, exp.Update, exp.Delete) is scope:
            yield one
