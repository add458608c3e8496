"""The application factory."""

from __future__ import annotations

from fastapi import FastAPI

import cutroom
from cutroom.api.routes import accounts, clips, events, health, jobs, media, session, uploads, videos
from cutroom.api.schemas.base import ErrorAnswer


def build_app() -> FastAPI:
    """The routes and their schema, without services."""
    app = FastAPI(
        title="Cutroom",
        version=cutroom.__version__,
        summary="A self-hosted video workroom",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses={"4XX": {"model": ErrorAnswer, "description": "What went wrong, and what to do"}},
        generate_unique_id_function=lambda route: route.name,
    )
    for routes in (session, accounts, videos, media, uploads, clips, jobs, events, health):
        app.include_router(routes.router)
    return app
