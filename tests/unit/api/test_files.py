import os
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cutroom.api import errors
from cutroom.api.files import IMMUTABLE, FileAnswer, attachment, media_type_of

CONTENT = bytes(range(256)) * 4096  # 1 MiB


def client(path: Path, **more: str) -> httpx.AsyncClient:
    app = FastAPI()
    errors.install(app)

    @app.head("/file")
    @app.get("/file")
    async def file() -> FileAnswer:  # type: ignore[no-untyped-def]
        return FileAnswer(path, media_type="video/mp4", cache_control=IMMUTABLE, missing="It has gone.", **more)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.mp4"
    path.write_bytes(CONTENT)
    return path


async def test_the_whole_file_with_its_headers(path: Path):
    async with client(path) as http:
        answer = await http.get("/file")
        head = await http.head("/file")
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(len(CONTENT)) == head.headers["content-length"]
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "content-encoding" not in answer.headers
    assert head.status_code == 200
    assert head.content == b""


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=1048000-", 1048000, len(CONTENT)),
        ("bytes=-10", len(CONTENT) - 10, len(CONTENT)),
        ("bytes=0-99999999", 0, len(CONTENT)),
        ("bytes=-99999999", 0, len(CONTENT)),
        ("BYTES=5-6", 5, 7),
    ],
)
async def test_ranges(path: Path, asked: str, start: int, end: int):
    async with client(path) as http:
        answer = await http.get("/file", headers={"range": asked})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "items=0-5", "bytes=x-y", "bytes=5-2", "bytes=-", "bytes=٣-٤", "bytes=0-" + "9" * 5000]
)
async def test_what_is_not_understood_gets_the_whole_file(path: Path, asked: str):
    async with client(path) as http:
        answer = await http.get("/file", headers={"range": asked.encode()})
    assert (answer.status_code, len(answer.content)) == (200, len(CONTENT))


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=-0"])
async def test_ranges_beyond_the_end(path: Path, asked: str):
    async with client(path) as http:
        answer = await http.get("/file", headers={"range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


async def test_validators(path: Path):
    async with client(path) as http:
        etag = (await http.get("/file")).headers["etag"]
        assert (await http.get("/file", headers={"if-none-match": etag})).status_code == 304
        assert (await http.get("/file", headers={"if-none-match": f'"x", W/{etag}'})).status_code == 304
        assert (await http.get("/file", headers={"if-none-match": '"other"'})).status_code == 200
        matching = {"range": "bytes=0-9", "if-range": etag}
        assert (await http.get("/file", headers=matching)).status_code == 206
        stale = {"range": "bytes=0-9", "if-range": '"other"'}
        assert (await http.get("/file", headers=stale)).status_code == 200
        os.truncate(path, 5)
        assert (await http.get("/file", headers={"if-none-match": etag})).status_code == 200


async def test_an_empty_file(tmp_path: Path):
    path = tmp_path / "empty"
    path.touch()
    async with client(path) as http:
        assert (await http.get("/file")).content == b""
        assert (await http.get("/file", headers={"range": "bytes=0-"})).status_code == 416


async def test_missing_files_folders_and_pipes_are_not_found(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path / "gone", tmp_path, pipe):
        async with client(path) as http:
            answer = await http.get("/file")
        assert answer.status_code == 404
        assert answer.json()["error"] == {"code": "media.not-found", "message": "It has gone.", "hint": None}


def test_download_names_cannot_break_the_header():
    assert attachment("talk.mp4") == "attachment; filename=\"talk.mp4\"; filename*=UTF-8''talk.mp4"
    hostile = attachment('a"\r\nSet-Cookie: x=1; \\é🎬.mp4')
    assert "\r" not in hostile
    assert "\n" not in hostile
    assert hostile.count('"') == 2
    assert hostile.endswith("%C3%A9%F0%9F%8E%AC.mp4")
    hostile.encode("latin-1")


def test_originals_are_never_served_as_something_a_browser_runs():
    assert media_type_of("a.mp4") == "video/mp4"
    assert media_type_of("a.html") == media_type_of("a.svg") == media_type_of("a") == "application/octet-stream"
