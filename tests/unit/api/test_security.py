import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cutroom.api import errors, security
from cutroom.api.errors import FailureEdge


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def fails(request: Request) -> PlainTextResponse:
    raise RuntimeError("a secret detail")


def client(host: str = "127.0.0.1", *, base: str = "http://127.0.0.1:8400", **more: object) -> httpx.AsyncClient:
    rules = security.rules(host=host, allowed_hosts=more.pop("allowed_hosts", ()), **more)  # type: ignore[arg-type]
    app = Starlette(
        routes=[Route("/api/echo", echo, methods=["GET", "POST"]), Route("/api/fails", fails)],
        middleware=[Middleware(security.RequestGuard, rules=rules), Middleware(FailureEdge)],
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=base)


@pytest.mark.parametrize(
    ("host", "bound", "allowed", "status"),
    [
        ("127.0.0.1:8400", "127.0.0.1", (), 200),
        ("localhost:8400", "127.0.0.1", (), 200),
        ("[::1]:8400", "127.0.0.1", (), 200),
        ("LOCALHOST", "127.0.0.1", (), 200),
        ("cutroom.localhost", "127.0.0.1", (), 200),
        ("evil.example", "127.0.0.1", (), 421),
        ("evil.example:8400", "0.0.0.0", (), 421),
        ("127.0.0.1.evil.example", "127.0.0.1", (), 421),
        ("localhost.evil.example", "127.0.0.1", (), 421),
        ("192.168.1.5:8400", "127.0.0.1", (), 421),
        ("192.168.1.5:8400", "0.0.0.0", (), 200),
        ("[fe80::1]:8400", "::", (), 200),
        ("nas.lan", "0.0.0.0", (), 421),
        ("nas.lan", "0.0.0.0", ("NAS.lan",), 200),
        ("nas.lan:8400", "nas.lan", (), 200),
        ("anything.example", "0.0.0.0", ("*",), 200),
        ("", "127.0.0.1", (), 421),
    ],
)
async def test_only_known_hosts_are_answered(host: str, bound: str, allowed: tuple[str, ...], status: int):
    async with client(bound, allowed_hosts=allowed) as http:
        answer = await http.get("/api/echo", headers={"host": host})
    assert answer.status_code == status
    if status == 421:
        assert answer.json()["error"]["code"] == "http.unknown-host"


async def test_the_machines_own_name_is_answered_when_it_listens_beyond_loopback():
    for bound, status in (("127.0.0.1", 421), ("0.0.0.0", 200)):
        async with client(bound, own_name="Studio") as http:
            assert (await http.get("/api/echo", headers={"host": "studio.local"})).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8400"}, 403),
        ({"origin": "http://127.0.0.1:8400"}, 200),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://[::1"}, 403),
        ({"origin": "http://evil.example", "authorization": "Bearer ctr_x"}, 200),
        ({"sec-fetch-site": "cross-site", "authorization": "Basic eDp5"}, 403),
    ],
)
async def test_writes_from_other_sites_are_refused(headers: dict[str, str], status: int):
    async with client() as http:
        assert (await http.post("/api/echo", headers=headers)).status_code == status
        assert (await http.get("/api/echo", headers=headers)).status_code == 200


async def test_origins_are_compared_with_default_ports():
    async with client(allowed_hosts=("nas.lan",)) as http:
        for host, origin in (("nas.lan", "http://nas.lan"), ("nas.lan:443", "https://nas.lan")):
            answer = await http.post("/api/echo", headers={"host": host, "origin": origin})
            assert answer.status_code == 200


async def test_large_bodies_are_refused_announced_or_not():
    big = b"x" * ((4 << 20) + 1)

    async def stream():
        for _ in range(6):
            yield b"x" * (1 << 20)

    async with client() as http:
        assert (await http.post("/api/echo", content=big)).status_code == 413
        assert (await http.post("/api/echo", content=stream())).status_code == 413
        assert (await http.post("/api/echo", content=big[: 4 << 20])).text == str(4 << 20)


async def test_every_answer_carries_the_headers():
    async with client() as http:
        for answer in (
            await http.get("/api/echo"),
            await http.get("/nothing"),
            await http.get("/api/fails"),
            await http.get("/api/echo", headers={"host": "evil.example"}),
        ):
            policy = answer.headers["content-security-policy"]
            data = answer.headers["content-type"] == "application/json"
            assert f"default-src {'none' if data else 'self'!r}" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await http.get("/api/echo")).headers["cache-control"] == "no-store"


async def test_unexpected_failures_are_a_sentence_with_an_id(caplog: pytest.LogCaptureFixture):
    async with client() as http:
        answer = await http.get("/api/fails")
    assert answer.status_code == 500
    error = answer.json()["error"]
    assert error["code"] == "http.failed"
    assert "secret" not in answer.text
    incident = error["message"].rpartition(" ")[2].rstrip(".")
    assert incident in caplog.text


async def test_a_client_that_leaves_is_no_failure(caplog: pytest.LogCaptureFixture):
    async def leaves(scope: Scope, receive: Receive, send: Send) -> None:
        raise ClientDisconnect

    async with httpx.AsyncClient(transport=httpx.ASGITransport(errors.FailureEdge(leaves))) as http:
        with pytest.raises(AssertionError):  # no answer was sent
            await http.post("http://localhost/")
    assert caplog.records == []
