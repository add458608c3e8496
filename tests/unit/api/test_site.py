from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cutroom.api import errors, site


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    root = tmp_path / "ui"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>Cutroom</title>")
    (root / "favicon.svg").write_text("<svg/>")
    for name, body in (("", b"plain"), (".gz", b"gz"), (".br", b"br")):
        (root / "assets" / f"app-1a2b.js{name}").write_bytes(body)
    (tmp_path / "secret.txt").write_text("secret")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    return root


def client(root: Path) -> httpx.AsyncClient:
    app = FastAPI()
    errors.install(app)
    app.include_router(site.router)
    app.state.ui = root
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_addresses_of_the_app_are_its_page(ui: Path):
    async with client(ui) as http:
        for path in ("/", "/library", "/watch/vid_1", "/setup", "/a.b/c"):
            answer = await http.get(path)
            assert answer.status_code == 200, path
            assert "Cutroom" in answer.text
            assert answer.headers["cache-control"] == "no-cache"
        etag = answer.headers["etag"]
        assert (await http.get("/", headers={"if-none-match": etag})).status_code == 304


@pytest.mark.parametrize(
    ("accepts", "body", "encoding"),
    [
        ("gzip, deflate, br", b"br", "br"),
        ("gzip", b"gz", "gzip"),
        ("identity", b"plain", None),
        ("br;q=0", b"plain", None),
    ],
)
async def test_assets_in_the_encoding_that_is_taken(ui: Path, accepts: str, body: bytes, encoding: str | None):
    headers = {"accept-encoding": accepts}
    async with client(ui) as http, http.stream("GET", "/assets/app-1a2b.js", headers=headers) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert raw == body
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_what_is_not_there_is_not_the_page(ui: Path):
    async with client(ui) as http:
        for path in ("/assets/old-9f.js", "/missing.css", "/api/nothing", "/api"):
            answer = await http.get(path)
            assert answer.status_code == 404, path
            assert answer.json()["error"]["code"] == "http.not-found"


async def test_nothing_outside_the_folder_is_served(ui: Path):
    async with client(ui) as http:
        for path in (
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/assets/..%2f..%2fsecret.txt",
            "/link.txt",
            "/a%00b",
            "/" + "a" * 5000,
        ):
            answer = await http.get(path)
            assert "secret" not in answer.text, path


async def test_before_the_page_is_built_a_sentence_says_so(tmp_path: Path):
    async with client(tmp_path / "absent") as http:
        answer = await http.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text
