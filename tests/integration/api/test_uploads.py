from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.media.sample.footage import make_footage

from .conftest import Server, Somebody


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("footage") / "a.mp4"
    make_footage(path, seconds=1, rate=Fraction(25), width=160, height=90, kind="barcode", audio=None)
    return path.read_bytes()


def stored(server: Server) -> list[str]:
    return [each.key for each in server.services.store.list("originals")]


def leftovers(server: Server) -> list[Path]:
    return [path for path in (server.folder / "data" / "scratch").rglob("*") if path.is_file()]


async def test_an_upload_takes_the_same_path_as_an_added_file(server: Server, ann: Somebody, footage: bytes):
    answer = await ann.http.post("/api/uploads", params={"name": 'a é "b".mp4'}, content=footage)
    assert answer.status_code == 201, answer.text
    row = answer.json()
    assert (row["name"], row["owner"]["name"], row["visibility"]) == ('a é "b".mp4', "ann", "shared")
    assert row["jobs"]["active"] == 1
    assert (await ann.http.get(f"/api/videos/{row['id']}/original")).content == footage
    assert len(stored(server)) == 1
    assert leftovers(server) == []


async def test_private_uploads_are_private(ann: Somebody, bo: Somebody, footage: bytes):
    asked = {"name": "p.mp4", "visibility": "private"}
    video = (await ann.http.post("/api/uploads", params=asked, content=footage)).json()["id"]
    assert (await bo.http.get(f"/api/videos/{video}")).status_code == 404


async def test_what_is_not_a_video_is_refused_and_leaves_nothing(server: Server, ann: Somebody):
    for content in (b"just some text\n" * 500, b""):
        answer = await ann.http.post("/api/uploads", params={"name": "text.mp4"}, content=content)
        assert 400 <= answer.status_code < 500
        assert answer.json()["error"]["code"].startswith("uploads.")
    assert stored(server) == []
    assert leftovers(server) == []


async def test_who_may_not_upload_is_refused_before_the_first_byte(server: Server, viewer: Somebody):
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x" * 1000

    for http, status in ((viewer.http, 403), (server.client(), 401)):
        answer = await http.post("/api/uploads", params={"name": "a.mp4"}, content=body())
        assert (answer.status_code, read) == (status, 0)


async def test_what_cannot_fit_is_refused_before_the_first_byte(ann: Somebody):
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x" * 1000

    headers = {"content-length": str(1 << 60)}
    answer = await ann.http.post("/api/uploads", params={"name": "a.mp4"}, content=body(), headers=headers)
    assert answer.status_code in (413, 507)
    assert read == 0


@pytest.mark.parametrize(
    "name", ["../../etc/x.mp4", "..", "a/b.mp4", "a\\b.mp4", "line\nbreak.mp4", "x" * 255, "🎬.mp4"]
)
async def test_names_cannot_lead_out_of_the_store(server: Server, ann: Somebody, footage: bytes, name: str):
    answer = await ann.http.post("/api/uploads", params={"name": name}, content=footage)
    assert answer.status_code in (201, 400, 422)
    for key in stored(server):
        assert server.services.store.local_path(key).resolve().is_relative_to(server.folder / "data" / "objects")
    assert leftovers(server) == []
