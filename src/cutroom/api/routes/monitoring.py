"""What the server has done: Prometheus metrics, a report for people, the caches; for administrators and scrapers."""

from __future__ import annotations

import asyncio
import hmac
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from cutroom.accounts.models import Role
from cutroom.api.access import Administrator, RequiresRole, Services, Visitor
from cutroom.api.schemas.monitoring import CacheReport, ClearAsked, Cleared, PerformanceReport
from cutroom.core.errors import CutroomError
from cutroom.monitoring import caches, numbers, performance
from cutroom.telemetry.meters import Meters, Sample, Sheet

router = APIRouter(tags=["monitoring"])


class AdministratorOrScraper(RequiresRole):
    """An administrator, or who shows the token of CUTROOM_SERVER_METRICS_TOKEN."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        """Raise unless it is one of them."""
        token = request.app.state.cutroom.settings.server.metrics_token
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if token and scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode()):
            return
        await super().__call__(request)


scraper = Depends(AdministratorOrScraper(Role.ADMINISTRATOR))


async def everything(request: Request, services: Services) -> Sheet:
    """The numbers of all processes, those of this one as they are now."""
    meters: Meters = request.app.state.meters
    others = await asyncio.to_thread(services.sheets.others)
    return numbers.added_up([meters.sheet(), *others])


Everything = Annotated[Sheet, Depends(everything)]


class Metrics(Response):
    """For OpenAPI: Prometheus' text format."""

    media_type = numbers.CONTENT_TYPE


@router.get("/metrics", response_class=Metrics, dependencies=[scraper])
async def metrics(services: Services, sheet: Everything) -> Response:
    """Everything that is counted, for Prometheus; sums over the server's processes."""
    counts = await services.database.look(services.jobs.counts_by_queue)
    samples = [
        Sample("cutroom_jobs", (("queue", queue), ("state", state)), count, False) for queue, state, count in counts
    ]
    whole = Sheet(samples=[*sheet.samples, *samples], timings=sheet.timings)
    return Metrics(numbers.as_prometheus(whole))


@router.get("/health/performance", response_model=PerformanceReport, dependencies=[scraper])
async def health_performance(sheet: Everything) -> Response:
    """How the server has done since its start; the routes that took most of the time first."""
    return Response(msgspec.json.encode(performance.report(sheet)), media_type="application/json")


@router.get("/admin/cache/stats", response_model=CacheReport)
async def cache_stats(services: Services, _caller: Administrator, sheet: Everything) -> Response:
    """What the caches hold and have answered, in all processes."""
    found = caches.report(sheet, redis=services.cache.stats().redis)
    return Response(msgspec.json.encode(found), media_type="application/json")


@router.post("/admin/cache/clear")
async def clear_cache(services: Services, caller: Administrator, visitor: Visitor, asked: ClearAsked) -> Cleared:
    """Forget values by a pattern of their keys and by tags, in every process and in Redis."""
    if asked.pattern is None and not asked.tags:
        raise CutroomError(
            "cache.nothing-named",
            "Neither a pattern nor a tag says what to clear.",
            hint='Send {"pattern": "*"} for everything.',
        )
    keys = await services.coherence.clear(pattern=asked.pattern, tags=asked.tags)
    async with services.database.transaction() as tx:
        detail = {"pattern": asked.pattern, "tags": asked.tags, "keys": keys}
        await services.accounts.audit.record(tx, caller, "cache.clear", "cache", visitor, **detail)
    return Cleared(keys=keys, tags=len(asked.tags))
