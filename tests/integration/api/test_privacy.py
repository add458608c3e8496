"""Whoever may not see a video cannot tell it from one that does not exist, by any road."""

import pytest

from cutroom.library.models import Visibility

from .conftest import Server, Somebody


@pytest.fixture
async def secret(server: Server, ann: Somebody) -> str:
    return await server.video("secret.mp4", ann, Visibility.PRIVATE)


async def test_by_every_address_of_the_video(server: Server, secret: str, ann: Somebody, bo: Somebody):
    addresses = [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/open"),
        ("GET", "/original"),
        ("HEAD", "/original"),
        ("GET", "/media/thumbnails/thumb-320.jpg"),
        ("GET", "/media/v-1/sprite/sprite-0.webp"),
        ("GET", "/media/hls/master.m3u8"),
        ("GET", "/media/peaks.json"),
    ]
    for method, address in addresses:
        body = {"json": {"name": "mine"}} if method == "PATCH" else {}
        theirs = await bo.http.request(method, f"/api/videos/{secret}{address}", **body)
        missing = await bo.http.request(method, f"/api/videos/vid_none{address}", **body)
        assert theirs.status_code == missing.status_code == 404, (method, address)
        if method != "HEAD":
            assert theirs.json()["error"]["code"] == "video.not-found"
        nobody = await server.client().request(method, f"/api/videos/{secret}{address}", **body)
        assert nobody.status_code == 401
    assert (await ann.http.get(f"/api/videos/{secret}/original")).content == b"x" * 1000


async def test_in_lists_searches_and_totals(secret: str, ann: Somebody, bo: Somebody, admin: Somebody):
    for somebody, expected in ((ann, 1), (bo, 0), (admin, 1)):
        page = (await somebody.http.get("/api/videos", params={"q": "secret"})).json()
        assert (len(page["items"]), page["total"]) == (expected, expected)


async def test_by_its_jobs(secret: str, ann: Somebody, bo: Somebody, admin: Somebody):
    for somebody, expected in ((ann, True), (bo, False), (admin, True)):
        answer = (await somebody.http.get("/api/jobs")).json()
        assert any(job["subject"] == secret for job in answer["items"]) is expected
        assert (sum(answer["counts"].values()) > 0) is expected
    [job] = [job for job in (await ann.http.get("/api/jobs")).json()["items"] if job["subject"] == secret]
    for address in (f"/api/jobs/{job['id']}/cancel", f"/api/jobs/{job['id']}/retry"):
        assert (await bo.http.post(address)).status_code == 404
    assert (await bo.http.get(f"/api/jobs/{job['id']}")).status_code == 404


async def test_by_cutting_it(secret: str, bo: Somebody):
    asked = {"video_id": secret, "in_frame": 0, "out_frame": 5}
    answer = await bo.http.post("/api/clips", json=asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "video.not-found")
    many = {"video_id": secret, "cuts": [{"in_frame": 0, "out_frame": 5}]}
    answer = await bo.http.post("/api/clips/batch", json=many)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "video.not-found")


async def test_sharing_and_taking_back(secret: str, ann: Somebody, bo: Somebody, viewer: Somebody):
    shared = await ann.http.patch(f"/api/videos/{secret}", json={"visibility": "shared"})
    assert shared.json()["visibility"] == "shared"
    assert (await bo.http.get(f"/api/videos/{secret}")).json()["owner"]["name"] == "ann"
    for somebody, method in ((bo, "DELETE"), (viewer, "DELETE")):
        assert (await somebody.http.request(method, f"/api/videos/{secret}")).status_code == 403
    assert (await bo.http.patch(f"/api/videos/{secret}", json={"name": "mine.mp4"})).status_code == 403
    await ann.http.patch(f"/api/videos/{secret}", json={"visibility": "private"})
    assert (await bo.http.get(f"/api/videos/{secret}")).status_code == 404


async def test_nobodys_video_is_not_hidden_by_an_editor(server: Server, ann: Somebody, admin: Somebody):
    video = await server.video("shared.mp4", None, Visibility.SHARED)
    assert (await ann.http.patch(f"/api/videos/{video}", json={"visibility": "private"})).status_code == 403
    assert (await ann.http.patch(f"/api/videos/{video}", json={"name": "better.mp4"})).status_code == 200


async def test_paths_are_shown_to_administrators_only(secret: str, ann: Somebody, admin: Somebody):
    assert (await ann.http.get(f"/api/videos/{secret}")).json()["location"] == {"kind": "reference", "path": None}
    assert (await admin.http.get(f"/api/videos/{secret}")).json()["location"]["path"].endswith("secret.mp4")
