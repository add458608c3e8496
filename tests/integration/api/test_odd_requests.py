"""Requests that are wrong in every way: answered with a code, never with a failure of the server."""

from __future__ import annotations

import pytest

from cutroom.library.models import Visibility
from tests.integration.api.conftest import Server, Somebody

LISTS = ("/api/videos", "/api/jobs", "/api/clips", "/api/scans", "/api/inspection/files", "/api/inspection/duplicates")


@pytest.mark.parametrize("path", LISTS)
async def test_limits_and_cursors_that_are_none(admin: Somebody, path: str) -> None:
    for query in ("limit=0", "limit=-1", "limit=1000000000", "limit=x", "limit=1e3", f"limit={2**70}"):
        answer = await admin.http.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "http.invalid-request"), query
    for cursor in ("x", "WzEsMl0", "%FF%FE", "%C3%A9", "A" * 400, "AAAAAAAAAAAAWzEsIngiXQ"):
        answer = await admin.http.get(f"{path}?after={cursor}")
        assert answer.status_code == 400, cursor
        assert answer.json()["error"]["code"].split(".")[1] in ("bad-cursor", "cursor-invalid")
    assert (await admin.http.get(f"{path}?after={'A' * 401}")).status_code == 422


async def test_a_cursor_of_another_question_is_refused(server: Server, admin: Somebody) -> None:
    for number in range(3):
        await server.video(f"berlin {number}.mp4", admin, Visibility.SHARED)
    cursor = (await admin.http.get("/api/videos?limit=1")).json()["next"]
    assert (await admin.http.get(f"/api/videos?limit=2&after={cursor}")).status_code == 200
    for other in ("q=berlin", "sort=name", "order=asc", "verdict=corrupt", "tag=x"):
        answer = await admin.http.get(f"/api/videos?{other}&after={cursor}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "library.bad-cursor"), other
    assert (await admin.http.get(f"/api/jobs?after={cursor}")).status_code == 400


@pytest.mark.parametrize(
    "q", ['"', "a AND", "NEAR(a b, 3)", "*", "a:b^2", "%25", "%E2%80%8B", "%FF%FE", "%F0%9F%8E%AC"]
)
async def test_search_operators_mean_nothing(admin: Somebody, q: str) -> None:
    for sort in ("added", "name", "duration", "relevance"):
        assert (await admin.http.get(f"/api/videos?q={q}&sort={sort}")).status_code == 200


async def test_text_that_no_database_takes(server: Server, admin: Somebody) -> None:
    video_id = await server.video("a.mp4", admin, Visibility.SHARED)
    for path in ("/api/videos?q=%00", "/api/videos?q=a%00b&sort=name", "/api/videos/%00"):
        assert (await admin.http.get(path)).status_code == 400
    for body in (
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff\xfe"}',
        b'{"tags": ["\\u0000"]}',
        b"\xff",
        b"{",
    ):
        answer = await admin.http.patch(
            f"/api/videos/{video_id}", content=body, headers={"content-type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, body
        assert answer.json()["error"]["code"], body
    for body in ({"nmae": "x"}, {"name": "x", "id": "y"}, {"tags": ["x" * 41]}, {"tags": ["x"] * 51}, {"tags": "x"}):
        answer = await admin.http.patch(f"/api/videos/{video_id}", json=body)
        assert 400 <= answer.status_code < 500, body


async def test_headers_of_any_size_and_kind(server: Server, admin: Somebody) -> None:
    for name, value in (
        ("accept-encoding", "gzip;q=" + "9" * 10_000),
        ("if-none-match", '"x",' * 5_000),
        ("cookie", "session=" + "A" * 20_000),
        ("authorization", "Bearer " + "\xff" * 100),
        ("authorization", "Bearer"),
        ("range", "bytes=" + "0-1," * 3_000),
        ("last-event-id", "9" * 19),
        ("x-anything", "\x7f" * 30_000),
    ):
        answer = await server.client().get("/api/videos", headers={name: value.encode("latin-1")})
        assert answer.status_code < 500, name
        if name != "authorization":
            answer = await admin.http.get("/api/videos", headers={name: value.encode("latin-1")})
            assert answer.status_code < 500, name


async def test_the_database_pages_are_for_administrators(server: Server, admin: Somebody, ann: Somebody) -> None:
    for method, path in (("GET", "/admin/db/slow"), ("POST", "/admin/db/analyze"), ("POST", "/admin/db/optimize")):
        assert (await ann.http.request(method, path, json={})).status_code == 403
        assert (await server.client().request(method, path, json={})).status_code == 401
        answer = await admin.http.request(method, path, json={})
        assert answer.status_code == 200, answer.text
    assert (await admin.http.get("/admin/db/slow")).json()["statements"]
    assert (await admin.http.get("/admin/db/slow")).headers["cache-control"] == "no-store"
    assert (await admin.http.get("/admin/db/optimize")).status_code == 404
    assert (await admin.http.post("/admin/db/optimize", json={"aply": True})).status_code == 422


async def test_tags_over_the_wire(server: Server, admin: Somebody, ann: Somebody, bo: Somebody) -> None:
    video_id = await server.video("a.mp4", ann, Visibility.PRIVATE)
    answer = await ann.http.patch(f"/api/videos/{video_id}", json={"tags": ["b", "A", " a "]})
    assert answer.json()["tags"] == ["A", "b"]
    assert [row["tags"] for row in (await ann.http.get("/api/videos?tag=A&tag=b")).json()["items"]] == [["A", "b"]]
    assert (await ann.http.get("/api/videos?tag=a")).json()["items"] == []
    assert (await ann.http.get("/api/tags")).json()["items"] == ["A", "b"]
    assert (await bo.http.get("/api/tags")).json()["items"] == []
    assert (await ann.http.get("/api/videos?q=a")).json()["total"] == 1
