from pathlib import Path

import httpx
from fastapi.routing import APIRoute

from cutroom.api import access, openapi
from cutroom.api.app import ROUTERS, build_app

OPEN = {
    "/api/session",
    "/api/session/link",
    "/api/setup",
    "/api/openapi.json",
    "/api/docs",
    "/api/docs/style.css",
    "/api/uploads/tus",
    "/health",
    "/health/live",
    "/health/ready",
    "/{path:path}",
}


def routes() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def test_every_route_says_who_may():
    silent = [route.path for route in routes() if len(access.declared(route)) != 1]
    assert silent == []


def test_only_these_are_open_to_anybody():
    assert {route.path for route in routes() if access.role_of(route) is None} == OPEN
    writes = [route for route in routes() if route.methods & {"POST", "PATCH", "DELETE"} and route.path not in OPEN]
    for route in writes:
        own_business = route.path.startswith(("/api/session", "/api/token", "/api/accounts/{account_id}"))
        if access.role_of(route).value == "viewer":
            assert own_business or route.path == "/api/videos/{video_id}/open", route.path


def test_nothing_is_served_besides_the_listed_routers():
    app = build_app()
    known = {id(router) for router in ROUTERS}
    strangers = [
        route
        for route in app.routes
        if id(getattr(route, "original_router", None)) not in known and route not in routes()
    ]
    assert strangers == []


def test_the_committed_openapi_document_is_this_applications():
    committed = Path(__file__).parents[3] / "web" / "openapi.json"
    assert committed.read_text() == openapi.document(), "run: python -m cutroom.api.openapi > web/openapi.json"


async def test_the_documentation_is_a_page_without_scripts():
    transport = httpx.ASGITransport(build_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        page = await http.get("/api/docs")
        document = (await http.get("/api/openapi.json")).json()
        assert (await http.get("/api/docs/style.css")).headers["content-type"].startswith("text/css")
    assert "<script" not in page.text
    assert "style=" not in page.text
    for path in document["paths"]:
        assert path in page.text
