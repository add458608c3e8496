"""Health: alive, ready, and what is wrong."""

from __future__ import annotations

from fastapi import APIRouter, Response

import cutroom
from cutroom.api.access import Services, open_to_anybody
from cutroom.api.schemas.jobs import Health, HealthCheck

router = APIRouter(tags=["health"], dependencies=[open_to_anybody])


@router.get("/health/live")
async def live() -> Health:
    """The process answers."""
    return Health(ok=True, version=cutroom.__version__, checks=[])


@router.get("/health", name="health")
@router.get("/health/ready")
async def ready(services: Services, response: Response) -> Health:
    """The database and the data directory can be used; 503 when not."""
    checks: list[HealthCheck] = []
    raise NotImplementedError
