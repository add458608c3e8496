import pytest
from sqlalchemy import insert, select, update

from cutroom.clips.tables import clips
from cutroom.core import clock
from cutroom.events.tables import outbox
from cutroom.library.models import Visibility
from cutroom.library.tables import videos
from cutroom.proxies.tables import previews, proxies

from .conftest import Server, Somebody

OBJECTS = {
    "proxies/{asset}/r1/720/00000.m4s": b"segment" * 100,
    "proxies/{asset}/r1/attempt-1/master.m3u8": b"#EXTM3U\n",
    "proxies/{asset}/r1/timing.json": b"[0]",
    "previews/{asset}/r1/thumb-320.jpg": b"jpeg",
    "previews/{asset}/r1/thumb-320.avif": b"avif",
    "previews/{asset}/r1/sprite-0.webp": b"webp",
    "previews/{asset}/r1/peaks.json": b"{}",
}
DETAILS = {
    "thumbnails": {"widths": [320], "formats": ["avif", "jpg"], "thumbhash": "abcd", "at": "1/2"},
    "sprite": {
        "files": ["sprite-0.webp"],
        "columns": 2,
        "rows": 1,
        "tile_width": 160,
        "tile_height": 90,
        "count": 2,
        "times": [0.0, 1.001],
    },
    "peaks": {"data": "peaks.dat", "json": "peaks.json"},
}
TIMING = {"rate": "30000/1001", "frames": 60, "variable": True, "pts": "timing.json", "offset": "0/1"}


async def made(server: Server, owner: Somebody | None, visibility: Visibility) -> str:
    """A video whose asset has everything that a finished one has."""
    video = await server.video("made.mp4", owner, visibility)
    now = clock.now()
    async with server.services.database.transaction() as tx:
        asset = (await tx.conn.execute(select(videos.c.asset_id).where(videos.c.id == video))).scalar_one()
        for kind, detail in DETAILS.items():
            row = {"kind": kind, "prefix": f"previews/{asset}/r1", "detail": detail, "created_at": now}
            await tx.conn.execute(insert(previews).values(asset_id=asset, **row))
        await tx.conn.execute(
            insert(proxies).values(
                id="prx_1",
                asset_id=asset,
                recipe="r1",
                state="ready",
                playlist_key=f"proxies/{asset}/r1/attempt-1/master.m3u8",
                rungs=[],
                timing=TIMING,
                size_bytes=1,
                created_at=now,
            )
        )
        await tx.conn.execute(update(videos).where(videos.c.id == video).values(proxy_state="ready"))
    for key, content in OBJECTS.items():
        put(server, key.format(asset=asset), content)
    return video


def put(server: Server, key: str, content: bytes) -> None:
    part = server.folder / "part"
    part.write_bytes(content)
    server.services.store.adopt(key, part)


@pytest.fixture
async def video(server: Server, ann: Somebody) -> str:
    return await made(server, ann, Visibility.PRIVATE)


async def test_every_url_of_the_detail_leads_to_a_file(video: str, ann: Somebody, bo: Somebody, server: Server):
    detail = (await ann.http.get(f"/api/videos/{video}")).json()
    assert detail["timing"]["rate"] == "30000/1001"
    urls = {
        detail["playlist"]: ("application/vnd.apple.mpegurl", "private, no-cache, no-transform"),
        detail["timing"]["pts_url"]: ("application/json", "private, max-age=31536000, immutable"),
        detail["peaks"]: ("application/json", "private, max-age=31536000, immutable"),
        detail["sprite"]["url"]: ("image/webp", "private, max-age=31536000, immutable"),
        detail["poster"]["avif"][0]["url"]: ("image/avif", "private, max-age=31536000, immutable"),
        detail["poster"]["jpeg"][0]["url"]: ("image/jpeg", "private, max-age=31536000, immutable"),
    }
    for url, (media_type, cache) in urls.items():
        answer = await ann.http.get(url, headers={"accept-encoding": "gzip, br"})
        assert answer.status_code == 200, url
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == (media_type, cache), url
        assert "content-encoding" not in answer.headers
        assert (await bo.http.get(url)).status_code == 404
        assert (await server.client().get(url)).status_code == 401


async def test_segments_are_found_beside_their_playlist(video: str, ann: Somebody):
    playlist = (await ann.http.get(f"/api/videos/{video}")).json()["playlist"]
    segment = playlist.rpartition("/")[0] + "/../720/00000.m4s"
    answer = await ann.http.get(segment, headers={"range": "bytes=7-13"})
    assert (answer.status_code, answer.content) == (206, b"segment")
    assert answer.headers["cache-control"].endswith("immutable")
    etag = answer.headers["etag"]
    assert (await ann.http.get(segment, headers={"if-none-match": etag})).status_code == 304
    assert (await ann.http.head(segment)).headers["content-length"] == "700"


async def test_names_lead_nowhere_else(video: str, ann: Somebody, server: Server):
    (server.folder / "data" / "secret.m3u8").write_text("secret")
    for name in (
        "hls/../../../../secret.m3u8",
        "hls/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.m3u8",
        "hls/..%2f..%2f..%2f..%2fsecret.m3u8",
        "thumbnails/..%2f..%2f..%2fsecret.m3u8",
        "hls//etc/passwd",
        "hls/%00.m4s",
        "nothing/at.all",
        "hls/720/99999.m4s",
        "v-1/",
        "",
    ):
        answer = await ann.http.get(f"/api/videos/{video}/media/{name}")
        assert answer.status_code in (400, 404), name
        assert "secret" not in answer.text or answer.json()["error"], name


async def test_lists_say_how_far_tiles_are_apart(video: str, ann: Somebody):
    [row] = (await ann.http.get("/api/videos")).json()["items"]
    assert (row["sprite"]["interval"], row["sprite"]["times"]) == ("1001/1000", None)
    assert row["thumbhash"] == "abcd"


async def test_a_clips_file_follows_its_video(server: Server, video: str, ann: Somebody, bo: Somebody, admin: Somebody):
    put(server, "clips/clp_1/cut.mp4", b"clip" * 10)
    row = {"id": "clp_1", "video_id": video, "owner_id": ann.principal.account_id, "name": "cut é.mp4", "mode": "smart"}
    frames = {"in_frame": 3, "out_frame": 9, "padding_num": 0, "padding_den": 1, "created_at": clock.now()}
    file = {"state": "ready", "object_key": "clips/clp_1/cut.mp4", "media_type": "video/mp4", "size_bytes": 40}
    answer = {"mode_asked": "smart", "mode_used": "exact", "fallback_reason": "open GOP", "path": "/hidden"}
    delivered = {"in_frame_asked": 3, "out_frame_asked": 9, "in_frame": 3, "out_frame": 9, "frame_rate": "25/1"}
    counts = {"frames": 6, "frames_reencoded": 6}
    async with server.services.database.transaction() as tx:
        await tx.conn.execute(insert(clips).values(**row, **frames, **file, answer=answer | delivered | counts))
    shown = (await ann.http.get("/api/clips/clp_1")).json()
    assert shown["answer"]["mode_used"] == "exact"
    assert "path" not in shown["answer"]
    got = await ann.http.get(shown["download_url"], headers={"range": "bytes=4-7"})
    assert (got.status_code, got.content, got.headers["content-type"]) == (206, b"clip", "video/mp4")
    assert got.headers["content-disposition"].endswith("filename*=UTF-8''cut%20%C3%A9.mp4")
    for address in ("/api/clips/clp_1", "/api/clips/clp_1/file"):
        assert (await bo.http.get(address)).status_code == 404
    assert (await bo.http.delete("/api/clips/clp_1")).status_code == 404
    assert (await bo.http.get("/api/clips")).json()["items"] == []
    assert len((await ann.http.get("/api/clips", params={"video_id": video})).json()["items"]) == 1
    assert (await ann.http.delete("/api/clips/clp_1")).status_code == 204
    async with server.services.database.read() as conn:
        told = await conn.execute(select(outbox.c.audience).where(outbox.c.subject == "clp_1"))
        assert set(told.scalars()) == {ann.principal.account_id}
    assert server.services.store.stat("clips/clp_1/cut.mp4") is None


async def test_cutting_asks_for_a_job(server: Server, ann: Somebody, viewer: Somebody):
    video = await server.video("cut.mp4", ann, Visibility.SHARED)
    track = {"codec": "h264", "frame_rate": "25/1", "frames": 50, "frames_source": "counted"}
    probe = {"duration": "2/1", "video": track, "audio": []}
    async with server.services.database.transaction() as tx:
        values = {"probe": probe, "verdict": "healthy", "rate_num": 25, "rate_den": 1}
        await tx.conn.execute(update(videos).where(videos.c.id == video).values(**values))
    asked = {"video_id": video, "in_frame": 5, "out_frame": 10, "padding_seconds": 0.1}
    assert (await viewer.http.post("/api/clips", json=asked)).status_code == 403
    made = await ann.http.post("/api/clips", json=asked)
    assert made.status_code == 202, made.text
    clip = made.json()
    assert (clip["state"], clip["download_url"]) == ("queued", None)
    job = (await ann.http.get(f"/api/jobs/{clip['job_id']}")).json()
    assert (job["kind"], job["state"]) == ("clip", "queued")
    early = await ann.http.get(f"/api/clips/{clip['id']}/file")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "clip.not-ready")
    for wrong in (
        {"out_frame": 5},
        {"in_frame": 50, "out_frame": 60},
        {"padding_seconds": "1/0"},
        {"padding_seconds": -1},
    ):
        refused = await ann.http.post("/api/clips", json=asked | wrong)
        assert refused.status_code == 400, wrong
        assert refused.json()["error"]["code"].startswith("clips.")


async def test_the_short_playlist_name_leads_to_the_ladder(server: Server, admin: Somebody):
    video = await made(server, None, Visibility.SHARED)
    short = await admin.http.get(f"/api/videos/{video}/media/hls/master.m3u8")
    assert short.status_code == 307
    playlist = await admin.http.get(short.headers["location"])
    assert (playlist.status_code, playlist.content) == (200, b"#EXTM3U\n")
