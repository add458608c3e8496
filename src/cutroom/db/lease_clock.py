"""The clock that leases run on: one that nobody sets.

The database's on PostgreSQL; on SQLite, whose users share one machine, the microseconds since boot together with the
boot's id.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import BigInteger, Column, ColumnElement, bindparam, cast, func, literal, or_

from cutroom.processes import groups


@dataclass(frozen=True, kw_only=True)
class LeaseClock:
    """Now, and what has run out by now, as expressions to be used in a statement."""

    sqlite: bool
    boot: str = field(default_factory=groups.boot_id)

    def now(self) -> ColumnElement[int]:
        """µs."""
        if self.sqlite:
            return literal(groups.boot_clock(), BigInteger)
        return cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)

    def bound_now(self) -> ColumnElement[int]:
        """The same for a statement that is put together once: execute it with `bound()`."""
        return bindparam("lease_now", type_=BigInteger) if self.sqlite else self.now()

    def bound(self) -> dict[str, int]:
        """What `bound_now` stands for at the moment."""
        return {"lease_now": groups.boot_clock()} if self.sqlite else {}

    def expired(self, until: Column[int], boot: Column[str]) -> ColumnElement[bool]:
        """Whether the lease of a row that somebody works on has run out."""
        late = or_(until.is_(None), until < self.now())
        return or_(late, boot != self.boot) if self.sqlite else late
