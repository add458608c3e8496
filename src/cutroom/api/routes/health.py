"""Health: alive, ready, and what is wrong."""

from __future__ import annotations

import asyncio
import os
import shutil

from fastapi import APIRouter, Response

import cutroom
from cutroom.api.access import Services, open_to_anybody
from cutroom.api.schemas.monitoring import Health, HealthCheck
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError
from cutroom.uploads.resumable import HOLDS_BACK

_LEAST_FREE = 100 << 20  # bytes

router = APIRouter(tags=["health"], dependencies=[open_to_anybody])


@router.get("/health/live")
async def live() -> Health:
    """The process answers."""
    return Health(ok=True, version=cutroom.__version__, checks=[])


@router.get("/health", name="health")
@router.get("/health/ready")
async def ready(services: Services, response: Response) -> Health:
    """The database and the data directory can be used; 503 when not. The server goes on without broker and Redis."""
    checks = [
        await _database(services),
        await asyncio.to_thread(_disk, services),
        await _uploads(services),
        *_redis(services),
    ]
    if services.broker is not None:
        problem = await asyncio.to_thread(services.broker.problem)
        checks.append(HealthCheck(name="broker", ok=problem is None, needed=False, message=problem))
    good = all(check.ok for check in checks if check.needed)
    if not good:
        response.status_code = 503
    return Health(ok=good, version=cutroom.__version__, checks=checks)


async def _database(services: Cutroom) -> HealthCheck:
    try:
        await services.database.ping()
    except CutroomError as error:
        return _check("database", error.message, ok=False)
    return _check("database", None)


async def _uploads(services: Cutroom) -> HealthCheck:
    """Never unhealthy: it is what stands before the server that does not let uploads go on."""
    try:
        number = await services.database.look(services.resumable.held_back)
    except CutroomError:
        return _check("uploads", None)  # the check above says it
    message = f"{number} of the last day's uploads were begun again and again without a byte arriving. {HOLDS_BACK}"
    return _check("uploads", message if number else None)


def _disk(services: Cutroom) -> HealthCheck:
    folder = services.data.objects
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return _check("disk", f"The object store cannot be read: {error.strerror}.", ok=False)
    if not os.access(folder, os.W_OK | os.X_OK):
        return _check("disk", "The object store cannot be written to.", ok=False)
    return _check("disk", f"{free >> 20} MiB are free.", ok=free >= _LEAST_FREE)


def _redis(services: Cutroom) -> list[HealthCheck]:
    state = services.cache.stats().redis
    if state == "none":
        return []
    away = "Redis does not answer; each process goes on with a cache of its own."
    return [_check("redis", None if state == "usable" else away, ok=state == "usable", needed=False)]


def _check(name: str, message: str | None, *, ok: bool = True, needed: bool = True) -> HealthCheck:
    return HealthCheck(name=name, ok=ok, needed=needed, message=message)
