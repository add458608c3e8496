import pytest
from sqlalchemy import update

from cutroom.library.models import Visibility
from cutroom.library.tables import videos

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
        ("GET", "/api/videos?after=WzE4NDQ2NzQ0MDczNzA5NTUxNjE2LCAiYSJd", 400, "library.bad-cursor"),
        ("GET", f"/api/jobs?after={2**64}.x", 400, "job.cursor-invalid"),
        ("GET", "/api/jobs?after=%C2%B2.x", 400, "job.cursor-invalid"),
        ("GET", f"/api/clips?after={2**64}.x", 400, "clips.bad-cursor"),
        ("GET", "/api/clips?after=%C2%B2.x", 400, "clips.bad-cursor"),
        ("GET", "/api/videos?q=%00", 400, "http.invalid-request"),
        ("GET", "/api/videos/%00", 400, "http.invalid-request"),
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
        assert {check["name"] for check in health["checks"]} == {"database", "disk", "uploads"}


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
async def test_text_that_cannot_be_stored_is_refused(admin: Somebody, text: str):
    headers = {"content-type": "application/json"}
    for path, body in (("/api/videos", f'{{"paths":["/tmp/{text}"]}}'), ("/api/tokens", f'{{"name":"{text}"}}')):
        answer = await admin.http.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "http.invalid-request")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"padding_seconds": "1e999999999"}, 400),
        ({"padding_seconds": "1/0"}, 400),
        ({"padding_seconds": 1e-300}, 400),
        ({"padding_seconds": 1e300}, 400),
        ({"padding_seconds": "1/" + "3" * 300}, 422),
        ({"out_frame": 1 << 70}, 422),
    ],
)
async def test_clips_of_absurd_numbers_are_refused(
    server: Server, admin: Somebody, asked: dict[str, object], status: int
):
    video = await server.video("film.mp4", admin, Visibility.SHARED)
    probe = {"video": {"frames": 10, "frames_source": "declared"}}
    async with server.services.database.transaction() as tx:
        await tx.conn.execute(update(videos).values(probe=probe))
    answer = await admin.http.post("/api/clips", json={"video_id": video, "in_frame": 0, "out_frame": 5} | asked)
    assert answer.status_code == status, answer.text
