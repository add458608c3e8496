"""The database, for administrators: what is slow, which indexes would help, and tidying up."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from cutroom.api.access import Administrator, Services, Visitor
from cutroom.api.schemas.database import AdvisingShape, OptimizeAsked, OptimizedShape, SlowReportShape
from cutroom.monitoring import advice, sizes, slow

router = APIRouter(prefix="/admin/db", tags=["administration"])


@router.get("/slow")
async def slow_statements(
    services: Services,
    caller: Administrator,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=500)] = 20,
) -> SlowReportShape:
    """Which statements took the database's time, over all processes of this data directory in the last seven days."""
    response.headers["cache-control"] = "no-store"
    found = await slow.report(services.database, services.data.slow, limit=limit)
    return SlowReportShape.model_validate(_kept(msgspec.to_builtins(found)))


@router.post("/analyze")
async def analyze(services: Services, caller: Administrator, visitor: Visitor) -> AdvisingShape:
    """Renew the planner's statistics, and propose indexes for the slowest statements; none is created."""
    await sizes.analyze(services.database)
    found = await advice.advise(services.database, services.data.slow)
    await _record(services, caller, visitor, "database.analyze")
    return AdvisingShape.model_validate(msgspec.to_builtins(found))


@router.post("/optimize")
async def optimize(services: Services, caller: Administrator, visitor: Visitor, asked: OptimizeAsked) -> OptimizedShape:
    """Renew the statistics, merge the search index and let go of what deleted rows have left; with `apply` create the
    proposed indexes too."""
    await sizes.optimize(services.database)
    proposed = (await advice.advise(services.database, services.data.slow)).advice if asked.apply else []
    created = await advice.apply(services.database, proposed)
    size = msgspec.to_builtins(await sizes.sizes(services.database))
    await _record(services, caller, visitor, "database.optimize", created=created)
    return OptimizedShape(created=created, **{name: size[name] for name in ("bytes", "holes", "tables")})


async def _record(services: Services, caller: Administrator, visitor: Visitor, action: str, **detail: object) -> None:
    async with services.database.transaction() as tx:
        await services.accounts.audit.record(tx, caller, action, "database", visitor, **detail)


def _kept(report: dict[str, object]) -> dict[str, object]:
    """Without the examples, which are for the planner."""
    statements = report["statements"]
    assert isinstance(statements, list)
    return {**report, "statements": [{k: v for k, v in one.items() if k != "example"} for one in statements]}
