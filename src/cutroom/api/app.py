"""The application factory."""

from __future__ import annotations

import asyncio
import select
import signal
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from granian.utils.proxies import wrap_asgi_with_proxy_headers
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

import cutroom
from cutroom.api import access, errors, probes, security, site
from cutroom.api.front import Front
from cutroom.api.lane import CacheLane
from cutroom.api.limits import Limits
from cutroom.api.routes import (
    accounts,
    clips,
    database,
    delivery,
    docs,
    downloads,
    events,
    exports,
    health,
    images,
    inspection,
    jobs,
    media,
    monitoring,
    scans,
    schedules,
    session,
    statistics,
    storage,
    tags,
    tus,
    uploads,
    videos,
    watched,
    webhooks,
)
from cutroom.api.schemas.base import ErrorAnswer
from cutroom.api.streams import EventHub
from cutroom.api.tus import TusEdge
from cutroom.bootstrap.container import Cutroom, build, start
from cutroom.bootstrap.settings import LimitsSettings, ServerSettings, Settings, load
from cutroom.cache import RateLimiter
from cutroom.cache.shared import Shared
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.commits import commits
from cutroom.delivery.service import FLUSH_SECONDS
from cutroom.media.pool import DecodePool
from cutroom.telemetry.meters import Meters

_ASKED_AT_ONCE = 2
_STREAMS_AT_ONCE = 8

# The page's files come last: their pattern takes every address.
ROUTERS: tuple[APIRouter, ...] = tuple(
    module.router
    for module in (
        session,
        accounts,
        exports,  # before the videos: "export" is no id
        videos,
        tags,
        media,
        images,
        delivery,
        downloads,
        uploads,
        tus,
        watched,
        clips,
        jobs,
        schedules,
        scans,
        inspection,
        storage,
        webhooks,
        events,
        database,
        statistics,
        health,
        monitoring,
        docs,
        site,
    )
)
_ROUTES: list[BaseRoute] = []
"""Of the first application of this process, for the next: FastAPI takes longest over what each route depends on."""


def create_app() -> ASGIApp:
    """What the server loads: settings from the environment, services built when it starts."""
    return with_settings(load())


def with_settings(settings: Settings, *, ui: Path = site.BUILT) -> FastAPI:
    """The application of these settings; its lifespan builds the services and closes them."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = build(settings)
        try:
            await start(services)
            async with attached(app, services) as hub:
                _end_streams_on_goodbye(hub)
                yield
        finally:
            await services.moments.close()
            await services.database.close()

    app = build_app(settings.server, lifespan=lifespan, media_origin=_media_origin(settings))
    app.state.ui = ui
    return app


def _media_origin(settings: Settings) -> str:
    """Where pages may take media from besides this server, as a Content-Security-Policy names it."""
    if settings.cdn.url:
        parts = urlsplit(settings.cdn.url)
        return f"{parts.scheme}://{parts.netloc}"
    return f"*:{settings.server.media_port}" if settings.server.media_port else ""


@asynccontextmanager
async def attached(app: FastAPI, services: Cutroom) -> AsyncIterator[EventHub]:
    """Give the routes their services, and follow the outbox meanwhile."""
    app.state.cutroom = services
    app.state.hub = hub = EventHub(services.database, services.accounts, services.coherence.heard)
    await hub.start()
    services.coherence.follows = True
    lane: CacheLane = app.state.lane
    lane.memory.max_bytes = services.settings.cache.answers_mib << 20
    lane.commits = counting = await commits(services.database)
    counts = asyncio.create_task(_write_counts(services))
    try:
        # Short work that an answer waits for, and sound that goes out as long as somebody takes it, apart.
        memory = services.settings.media.memory_mib << 20 or None
        async with (
            services.cache,
            _limited(app.state.limits, services.settings.limits, services.cache.shared),
            services.sheets.kept(_probed(app, services)),
            DecodePool(_ASKED_AT_ONCE, memory_bytes=memory) as asked,
            DecodePool(_STREAMS_AT_ONCE, memory_bytes=memory) as streams,
        ):
            app.state.pool, app.state.streams = asked, streams
            async with _media_port(services):
                yield hub
    finally:
        lane.commits = None
        counts.cancel()
        with suppress(CutroomError, SQLAlchemyError, OSError):
            await services.delivery.flush()
        await counting.close()
        await hub.close()


@asynccontextmanager
async def _limited(limits: Limits, asked: LimitsSettings, shared: Shared | None) -> AsyncIterator[None]:
    """Put the limits that the settings ask for into force."""

    def limiter(name: str, per_second: float, burst: float) -> RateLimiter | None:
        if not per_second:
            return None
        return RateLimiter(name, per_second=per_second, burst=max(burst, 1.0), shared=shared)

    limits.by_account = limiter("account", asked.account, asked.account_burst)
    limits.by_address = limiter("address", asked.address, asked.address_burst)
    try:
        yield
    finally:
        for one in (limits.by_account, limits.by_address):
            if one is not None:
                await one.close()


def _probed(app: FastAPI, services: Cutroom) -> Meters:
    """The process's meters, which look at what counts for itself too."""
    meters: Meters = app.state.meters
    meters.probe(probes.of_process)
    meters.probe(lambda: probes.of_database(services.database))
    meters.probe(lambda: probes.of_cache(services.cache.stats()))
    meters.probe(lambda: probes.of_lane(app.state.lane))
    meters.probe(lambda: probes.of_limits(app.state.limits))
    return meters


@asynccontextmanager
async def _media_port(services: Cutroom) -> AsyncIterator[None]:
    server = services.settings.server
    if not server.media_port:
        yield
        return
    if not hasattr(select, "epoll"):
        raise CutroomError(
            "server.media-port-unsupported",
            "The media port needs Linux.",
            hint="Unset CUTROOM_SERVER_MEDIA_PORT: the server sends media itself then.",
            kind=ErrorKind.UNSUPPORTED,
        )
    from cutroom.api.media_port import MediaPort

    port = MediaPort(services, host=server.host, port=server.media_port, server_port=server.port)
    await port.start()
    try:
        yield
    finally:
        await port.close()


async def _write_counts(services: Cutroom) -> None:
    """Delivery counts in memory; now and then they go where every process adds its own."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        with suppress(CutroomError, SQLAlchemyError, OSError):
            await services.delivery.flush()


def _end_streams_on_goodbye(hub: EventHub) -> None:
    """An open event stream would keep a worker from stopping: SIGUSR1, which comes before SIGTERM, ends them."""
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, hub.end_streams)


def build_app(server: ServerSettings | None = None, *, lifespan: object = None, media_origin: str = "") -> FastAPI:
    """The routes, their schema and the guards, without services."""
    server = server or ServerSettings.model_validate({})
    app = _Application(
        trusted_proxies=server.trusted_proxies,
        title="Cutroom",
        version=cutroom.__version__,
        summary="A self-hosted video workroom",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it asks the environment at each request
        responses={
            "4XX": {"model": ErrorAnswer, "description": "What went wrong, and what to do"},
            "5XX": {"model": ErrorAnswer, "description": "What failed here: try again later"},
        },
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
    )
    _name_roles()
    if not _ROUTES:
        for router in ROUTERS:
            app.include_router(router)
        _ROUTES.extend(app.router.routes)
    else:
        app.router.routes.extend(_ROUTES)
    app.state.ui = site.BUILT
    errors.install(app)
    _guard(app, server, media_origin)
    return app


def _guard(app: FastAPI, server: ServerSettings, media_origin: str) -> None:
    """Middleware, innermost first."""
    if server.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(server.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "last-event-id", "range", *TusEdge.REQUEST_HEADERS],
            expose_headers=["content-range", "etag", *TusEdge.ANSWER_HEADERS],
        )
    rules = security.rules(
        host=server.host,
        allowed_hosts=server.allowed_hosts,
        public_url=server.public_url,
        own_name=socket.gethostname(),
        media_origin=media_origin,
    )
    app.add_middleware(TusEdge)
    app.add_middleware(errors.FailureEdge)
    app.add_middleware(security.RequestGuard, rules=rules)


class _Application(FastAPI):
    """FastAPI with our front before everything else, its own middleware included."""

    def __init__(self, *, trusted_proxies: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self._making_document = threading.Lock()
        self._trusted_proxies = list(trusted_proxies)
        self.state.lane, self.state.limits, self.state.meters = CacheLane(), Limits(), Meters()

    def openapi(self) -> dict[str, Any]:
        """The document, made when it is first asked for: it takes a second, which no start should wait for."""
        with self._making_document:
            if self.openapi_schema is None:
                _say_that_errors_are_json(super().openapi())
            document: dict[str, Any] = super().openapi()
        return document

    def build_middleware_stack(self) -> ASGIApp:
        """The layers, outermost first: the proxy's word on who asks, the front, FastAPI's own, ours, the routes."""
        state = self.state
        front = Front(super().build_middleware_stack(), lane=state.lane, limits=state.limits, meters=state.meters)
        if not self._trusted_proxies:
            return front
        # X-Forwarded-For and -Proto of these addresses are believed: the limits, the log and the cookie see the client.
        return cast(ASGIApp, wrap_asgi_with_proxy_headers(front, trusted_hosts=self._trusted_proxies))


def _say_that_errors_are_json(document: dict[str, Any]) -> None:
    """FastAPI writes errors down in the media type of the route's good answers, which here may be bytes."""
    operations = (operation for path in document["paths"].values() for operation in path.values())
    for operation in operations:
        for status, answer in operation["responses"].items():
            if status in ("4XX", "5XX"):
                [schema] = answer["content"].values()
                answer["content"] = {"application/json": schema}


def _name_roles() -> None:
    """Say in the schema who may use each operation."""
    for router in ROUTERS:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                continue
            needed = access.role_of(route)
            named = needed.value if needed else "anybody"
            route.openapi_extra = {**(route.openapi_extra or {}), "x-needs-role": named}
