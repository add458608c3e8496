"""Forms: plain ones, and files in numbered chunks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.api.forms import Form
from cutroom.core.errors import CutroomError

from .conftest import Server, Somebody
from .test_tus import FILE, HEAD, spooled, videos

CHUNKED = "/api/videos/upload/chunked"


async def send(ann: Somebody, index: int, content: bytes, *, total: int = 3, upload: str = "../../x") -> httpx.Response:
    fields = {"chunk_index": str(index), "total_chunks": str(total), "upload_id": upload, "filename": "take 1.mp4"}
    return await ann.http.post(CHUNKED, data=fields, files={"chunk": ("blob", content)})


def chunks(content: bytes) -> list[bytes]:
    return [content[start:end] for start, end in itertools.pairwise((0, 1000, 4000, len(content)))]


async def test_a_form_with_two_files(server: Server, ann: Somebody):
    files = [("file", ("a.mp4", FILE)), ("file", ("b é.mp4", FILE + b"!"))]
    answer = await ann.http.post("/api/uploads/form", data={"visibility": "private"}, files=files)
    assert answer.status_code == 201, answer.text
    assert [row["name"] for row in answer.json()["items"]] == ["a.mp4", "b é.mp4"]
    assert {video.visibility for video in await videos(server)} == {"private"}
    assert spooled(server) == []


async def test_forms_that_are_refused_leave_nothing(server: Server, ann: Somebody, viewer: Somebody):
    url = "/api/uploads/form"
    assert (await ann.http.post(url, data={"a": "b"})).status_code == 415
    assert (await ann.http.post(url, files={"file": ("a.mp4", b"text" * 3000)})).status_code == 415
    assert (await viewer.http.post(url, files={"file": ("a.mp4", FILE)})).status_code == 403
    headers = {"content-type": "multipart/form-data; boundary=b"}
    broken = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + FILE
    assert (await ann.http.post(url, content=broken, headers=headers)).status_code == 400
    assert (await ann.http.post(url, content=b"nonsense", headers=headers)).status_code == 400
    assert (await videos(server), spooled(server)) == ([], [])


async def test_chunks_in_any_order(server: Server, ann: Somebody):
    parts = chunks(FILE)
    for index in (2, 0):
        answer = await send(ann, index, parts[index])
        assert answer.json() == {"status": "chunk_received", "chunk_index": index}
    done = (await send(ann, 1, parts[1])).json()
    assert done["status"] == "complete"
    assert done["video"]["name"] == "take 1.mp4"
    assert (await ann.http.get(f"/api/videos/{done['video']['id']}/original")).content == FILE
    again = (await send(ann, 1, parts[1])).json()
    assert again["video"]["id"] == done["video"]["id"]
    assert len(await videos(server)) == 1
    assert spooled(server) == []


async def test_all_chunks_at_once_make_one_video(server: Server, ann: Somebody):
    answers = await asyncio.gather(*(send(ann, index, part) for index, part in enumerate(chunks(FILE)) for _ in "ab"))
    assert [answer.status_code for answer in answers] == [200] * 6, [answer.text for answer in answers]
    [video] = await videos(server)
    assert server.services.store.local_path(video.path).read_bytes() == FILE
    assert spooled(server) == []


async def test_a_chunk_that_comes_again_replaces_the_first(server: Server, ann: Somebody):
    parts = chunks(FILE)
    await send(ann, 0, HEAD + b"wrong")
    for index, part in enumerate(parts):
        done = await send(ann, index, part)
    assert done.json()["status"] == "complete"
    [video] = await videos(server)
    assert server.services.store.local_path(video.path).read_bytes() == FILE


async def test_the_same_id_of_two_people_is_two_files(server: Server, ann: Somebody, bo: Somebody):
    parts = chunks(FILE)
    await send(ann, 0, parts[0])
    await send(ann, 1, parts[1])
    assert (await send(bo, 2, parts[2])).json()["status"] == "chunk_received"


@pytest.mark.parametrize(("index", "total"), [(3, 3), (0, 0), (0, 10_001), (-1, 3)])
async def test_chunks_that_cannot_be(server: Server, ann: Somebody, index: int, total: int):
    assert (await send(ann, index, b"x", total=total)).status_code == 422
    assert spooled(server) == []


@given(st.binary(max_size=300), st.integers(1, 40))
def test_any_bytes_are_read_or_refused(content: bytes, piece: int):
    async def body() -> AsyncIterator[bytes]:
        framed = b'--b\r\nContent-Disposition: form-data; name="f"; filename="n"\r\n\r\n' + content + b"\r\n--b--\r\n"
        for at in range(0, len(framed), piece):
            yield framed[at : at + piece]

    async def read() -> bytes:
        form = Form(body(), "multipart/form-data; boundary=b")
        file = await form.next_file()
        assert file is not None
        return b"".join([one async for one in file.pieces()])

    try:
        assert asyncio.run(read()) == content or b"\r\n--b" in b"\r\n" + content
    except CutroomError:
        assert b"--b" in content
