"""Downloads over HTTP: counted once, streamed at once, stopped when nobody takes them, nothing said to strangers."""

from __future__ import annotations

import asyncio
import hashlib
import io
from pathlib import Path
from typing import Any

import av
import msgspec
import psutil
import pytest

from cutroom.accounts.models import Role
from cutroom.core import clock
from cutroom.library.models import ProxyState, Summary, Visibility
from cutroom.media.probe import probe
from cutroom.media.sample import make_footage
from cutroom.proxies import store as proxy_rows
from cutroom.proxies.models import ladder_prefix
from cutroom.proxies.work import build_ladder
from tests.integration.api.conftest import Server, Somebody


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "film.mp4"
    make_footage(path, seconds=7, width=320, height=240, kind="barcode", bframes=2, audio="tone")
    return path


@pytest.fixture
async def video(server: Server, admin: Somebody, footage: Path) -> str:
    """A video in the library, inspected, with a finished ladder, as jobs would have left it."""
    video_id = await server.video("film.mp4", admin, Visibility.PRIVATE, footage.read_bytes())
    services = server.services
    found = probe(server.folder / "footage" / "film.mp4")
    async with services.database.transaction() as tx:
        row = await services.library.get(tx.conn, video_id, viewer=None)
        summary = Summary(verdict="healthy", probe=msgspec.to_builtins(found), proxy_state=ProxyState.READY)
        await services.library.set_summary(tx, [video_id], summary)
        recipe = services.proxies.recipe_hash
        prefix = ladder_prefix(row.asset_id, recipe)
        folder = services.store.local_path(prefix)
        made = await asyncio.to_thread(
            build_ladder,
            report=lambda _: None,
            source=str(footage),
            segments_dir=str(folder),
            playlist_dir=str(folder / "attempt-1"),
        )
        await proxy_rows.begin(tx.conn, row.asset_id, recipe)
        values = {
            "state": "ready",
            "playlist_key": f"{prefix}/attempt-1/master.m3u8",
            "rungs": msgspec.to_builtins(made.rungs),
            "finished_at": clock.now(),
        }
        await proxy_rows.change(tx.conn, row.asset_id, recipe, values)
    return video_id


async def test_a_rung_is_one_file_in_any_piece(server: Server, admin: Somebody, video: str) -> None:
    url = f"/api/videos/{video}/progressive/240.mp4"
    detail = (await admin.http.get(f"/api/videos/{video}")).json()
    assert url in [one["url"] for one in detail["downloads"]]
    head = await admin.http.head(url)
    whole = await admin.http.get(url)
    assert (head.status_code, whole.status_code, head.content) == (200, 200, b"")
    assert int(head.headers["content-length"]) == len(whole.content)
    assert head.headers["etag"] == whole.headers["etag"]
    assert head.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-disposition"].startswith('attachment; filename="film 240p.mp4"')
    size, parts = len(whole.content), b""
    for start in range(0, size, 70_001):
        part = await admin.http.get(url, headers={"range": f"bytes={start}-{min(start + 70_000, size - 1)}"})
        assert part.status_code == 206
        parts += part.content
    assert hashlib.sha256(parts).digest() == hashlib.sha256(whole.content).digest()
    assert (await admin.http.get(url, headers={"if-none-match": head.headers["etag"]})).status_code == 304
    assert (await admin.http.get(url, headers={"range": f"bytes={size}-"})).status_code == 416
    stale = await admin.http.get(url, headers={"range": "bytes=0-9", "if-range": '"another"'})
    assert (stale.status_code, len(stale.content)) == (200, size)
    with av.open(io.BytesIO(whole.content)) as container:
        assert container.streams.video[0].frames == 210
    missing = await admin.http.get(f"/api/videos/{video}/progressive/1080.mp4")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "proxy.not-found")


async def test_a_segment_that_has_gone_is_an_error_and_not_half_a_file(
    server: Server, admin: Somebody, video: str
) -> None:
    folder = next((server.folder / "data" / "objects" / "proxies").rglob("240"))
    next(iter(sorted(folder.glob("*.m4s")))).unlink()
    answer = await admin.http.get(f"/api/videos/{video}/progressive/240.mp4")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "proxy.incomplete")
    assert not list((folder.parent / "progressive").glob("*"))


async def test_frames_are_counted_once_and_kept(server: Server, admin: Somebody, video: str) -> None:
    url = f"/api/videos/{video}/probe"
    declared = (await admin.http.get(url)).json()
    assert (declared["counted"], declared["video"]["frames_source"]) == (None, "declared")
    asked = [admin.http.get(url, params={"count": "true"}) for _ in range(3)]
    answers = [answer.json() for answer in await asyncio.gather(*asked)]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["counted"]["frames"], answers[0]["video"]["frames_source"]) == (210, "counted")
    (server.folder / "footage" / "film.mp4").unlink()
    assert (await admin.http.get(url, params={"count": "true"})).json() == answers[0]
    assert (await admin.http.get(f"/api/videos/{video}")).json()["probe"]["counted"]["gops"] == 4


@pytest.mark.parametrize(("wanted", "kind"), [("copy", "audio/mp4"), ("wav", "audio/wav"), ("flac", "audio/flac")])
async def test_sound_is_a_download(server: Server, admin: Somebody, video: str, wanted: str, kind: str) -> None:
    url = f"/api/videos/{video}/audio"
    head = await admin.http.head(url, params={"format": wanted})
    answer = await admin.http.get(url, params={"format": wanted})
    assert (head.status_code, answer.status_code) == (200, 200)
    assert head.headers["content-type"] == answer.headers["content-type"] == kind
    assert "content-length" not in answer.headers
    with av.open(io.BytesIO(answer.content)) as container:
        seconds = sum(frame.samples for frame in container.decode(audio=0)) / 48_000
    assert seconds == pytest.approx(7, abs=0.05)
    assert not list((server.folder / "data" / "scratch").glob("stream-*"))


async def test_what_cannot_be_had_is_said_without_the_path(server: Server, admin: Somebody, video: str) -> None:
    path = server.folder / "footage" / "film.mp4"
    track = await admin.http.get(f"/api/videos/{video}/audio", params={"track": 3})
    assert (track.status_code, track.json()["error"]["code"]) == (404, "media.no-track")
    assert (await admin.http.get(f"/api/videos/{video}/audio", params={"format": "tape"})).status_code == 422
    path.unlink()
    gone = await admin.http.get(f"/api/videos/{video}/audio")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "media.not-found")
    assert str(server.folder) not in gone.text
    counted = await admin.http.get(f"/api/videos/{video}/probe", params={"count": "true"})
    assert (counted.status_code, counted.json()["error"]["code"]) == (404, "media.not-found")


async def test_strangers_get_nothing(server: Server, video: str) -> None:
    other = await server.person("other", Role.VIEWER)
    for path in ("probe", "audio", "progressive/240.mp4"):
        assert (await other.http.get(f"/api/videos/{video}/{path}")).status_code == 404
        assert (await server.client().get(f"/api/videos/{video}/{path}")).status_code == 401


async def test_who_leaves_stops_the_work(server: Server, admin: Somebody, video: str) -> None:
    """Asked as ASGI, because the client of these tests takes everything before it looks."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    token = admin.http.headers["authorization"].encode()
    gone, began = asyncio.Event(), asyncio.Event()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": f"/api/videos/{video}/audio", "raw_path": b"", "query_string": b"format=wav", "root_path": "",
        "headers": [(b"host", b"localhost:8400"), (b"authorization", token)],
        "client": ("192.0.2.9", 5), "server": ("localhost", 8400),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        if not began.is_set():
            began.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message.get("body"):
            await asyncio.sleep(3600)  # takes nothing more: the pipe fills and the child waits

    serving = asyncio.create_task(server.app(scope, receive, send))
    async with asyncio.timeout(20):
        while not (working := _children() - before):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    gone.set()
    serving.cancel()
    async with asyncio.timeout(10):
        while working & _children():
            await asyncio.sleep(0.02)
    with pytest.raises(asyncio.CancelledError):
        await serving


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True) if child.status() != "zombie"}
