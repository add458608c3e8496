import pytest

from .conftest import Server, Somebody


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "http.not-found"),
        ("DELETE", "/api/videos", 405, "http.method-not-allowed"),
        ("GET", "/api/videos?limit=0", 422, "http.invalid-request"),
        ("GET", "/api/videos?limit=many", 422, "http.invalid-request"),
        ("GET", "/api/videos?sort=size", 422, "http.invalid-request"),
        ("GET", "/api/videos?after=%00%ff", 400, None),
        ("GET", "/api/videos/vid_x", 404, "video.not-found"),
        ("GET", "/api/clips/clp_x", 404, "clip.not-found"),
        ("GET", "/api/jobs/job_x", 404, "job.not-found"),
        ("GET", "/api/videos/vid_x/original", 404, "video.not-found"),
        ("DELETE", "/api/tokens/tok_x", 404, "token.not-found"),
        ("POST", "/api/jobs/job_x/cancel", 404, "job.not-found"),
    ],
)
async def test_errors_have_one_shape(admin: Somebody, method: str, path: str, status: int, code: str | None):
    answer = await admin.http.request(method, path)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "hint"}
    assert code in (None, error["code"])
    assert error["message"]


async def test_unknown_and_missing_fields_are_named(admin: Somebody):
    answer = await admin.http.post("/api/accounts", json={"name": "x", "rolle": "viewer"})
    assert answer.status_code == 422
    assert "rolle" in answer.json()["error"]["message"]
    answer = await admin.http.post("/api/accounts", content=b"{not json", headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def test_bad_gateways_in_are_refused_before_a_route(server: Server):
    answer = await server.client().get("/api/session", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "http.unknown-host")


async def test_health(server: Server):
    http = server.client()
    assert (await http.get("/health/live")).json()["ok"] is True
    for path in ("/health", "/health/ready"):
        health = (await http.get(path)).json()
        assert {check["name"] for check in health["checks"]} == {"database", "disk"}
