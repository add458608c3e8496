"""What administrators see of the database."""

from __future__ import annotations

from pydantic import Field

from cutroom.api.schemas.base import Asked, Shape


class SlowStatementShape(Shape):
    fingerprint: str
    statement: str = Field(description="Without any value")
    calls: int
    failures: int
    seconds: float
    share: float = Field(description="Of the time of all statements, 0 to 1")
    p50: float = Field(description="Seconds")
    p95: float
    slowest: float
    server_calls: int | None = Field(description="As pg_stat_statements has it")
    server_seconds: float | None


class SlowCallShape(Shape):
    at: int = Field(description="µs since the epoch")
    fingerprint: str
    seconds: float


class SlowReportShape(Shape):
    processes: int
    since: int | None
    seconds: float
    statements: list[SlowStatementShape]
    slow: list[SlowCallShape]
    server_statistics: bool


class AdviceShape(Shape):
    table: str
    columns: list[str]
    sql: str
    cost_before: float = Field(description="The planner's units on PostgreSQL, visited rows on SQLite; of one call")
    cost_after: float
    calls: int
    writes: int
    gain: float
    helps: list[str] = Field(description="Fingerprints")


class AdvisingShape(Shape):
    looked_at: int
    advice: list[AdviceShape]
    hint: str | None


class TableSizeShape(Shape):
    name: str
    rows: int
    bytes: int
    index_bytes: int
    indexes: list[str]
    holes: float


class OptimizeAsked(Asked):
    apply: bool = Field(default=False, description="Also create the indexes that are proposed")


class OptimizedShape(Shape):
    created: list[str] = Field(description="The indexes that were created, as SQL")
    bytes: int
    holes: float
    tables: list[TableSizeShape]
