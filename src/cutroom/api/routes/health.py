"""Health: alive, ready, and what is wrong."""

from __future__ import annotations

import asyncio
import os
import shutil

from fastapi import APIRouter, Response

import cutroom
from cutroom.api.access import Services, open_to_anybody
from cutroom.api.schemas.jobs import Health, HealthCheck
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError

_LEAST_FREE = 100 << 20  # bytes

router = APIRouter(tags=["health"], dependencies=[open_to_anybody])


@router.get("/health/live")
async def live() -> Health:
    """The process answers."""
    return Health(ok=True, version=cutroom.__version__, checks=[])


@router.get("/health", name="health")
@router.get("/health/ready")
async def ready(services: Services, response: Response) -> Health:
    """The database and the data directory can be used; 503 when not. Without its broker the server goes on."""
    checks = [await _database(services), await asyncio.to_thread(_disk, services)]
    good = all(check.ok for check in checks)
    if services.broker is not None:
        problem = await asyncio.to_thread(services.broker.problem)
        checks.append(HealthCheck(name="broker", ok=problem is None, message=problem))
    if not good:
        response.status_code = 503
    return Health(ok=good, version=cutroom.__version__, checks=checks)


async def _database(services: Cutroom) -> HealthCheck:
    try:
        await services.database.ping()
    except CutroomError as error:
        return HealthCheck(name="database", ok=False, message=error.message)
    return HealthCheck(name="database", ok=True, message=None)


def _disk(services: Cutroom) -> HealthCheck:
    folder = services.data.objects
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return HealthCheck(name="disk", ok=False, message=f"The object store cannot be read: {error.strerror}.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return HealthCheck(name="disk", ok=False, message="The object store cannot be written to.")
    message = f"{free >> 20} MiB are free."
    return HealthCheck(name="disk", ok=free >= _LEAST_FREE, message=message)
