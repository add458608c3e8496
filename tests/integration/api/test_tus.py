"""tus 1.0.0, point by point."""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cutroom.bootstrap.settings import Settings, UploadsSettings
from cutroom.library.models import VideoFilter

from .conftest import Server, Somebody

TUS = "/api/uploads/tus"
HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
FILE = HEAD + bytes(range(256)) * 20
VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = {**VERSION, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", uploads=UploadsSettings(max_gib=0.5, account_gib=0.25, stall_seconds=0.3))


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def checksum(content: bytes, algorithm: str = "sha1") -> dict[str, str]:
    digest = hashlib.new(algorithm, content).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


async def begin(ann: Somebody, size: int = len(FILE), *, name: str = "a.mp4", **more: str) -> str:
    headers = {**VERSION, "Upload-Length": str(size), "Upload-Metadata": f"filename {coded(name)}"}
    answer = await ann.http.post(TUS, headers=headers | {key.replace("_", "-"): value for key, value in more.items()})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def patch(ann: Somebody, where: str, content: Any, offset: int, **more: str) -> httpx.Response:
    headers = {**BYTES, "Upload-Offset": str(offset)} | {key.replace("_", "-"): value for key, value in more.items()}
    return await ann.http.patch(where, content=content, headers=headers)


async def offset(ann: Somebody, where: str) -> int:
    answer = await ann.http.head(where, headers=VERSION)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


async def videos(server: Server) -> list[Any]:
    async with server.services.database.read() as conn:
        return (await server.services.library.list(conn, viewer=None, where=VideoFilter())).items


def spooled(server: Server) -> list[Path]:
    return sorted((server.folder / "data" / "scratch" / "uploads").glob("*"))


async def test_options_say_what_the_server_can_do(server: Server):
    answer = await server.client().options(TUS)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(1 << 29)
    assert set(answer.headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256", "md5"}
    wanted = "creation creation-with-upload checksum expiration concatenation termination"
    assert set(answer.headers["tus-extension"].split(",")) == set(wanted.split())


async def test_a_file_in_three_pieces(server: Server, ann: Somebody):
    where = await begin(ann)
    for start, end in ((0, 100), (100, 101), (101, len(FILE))):
        assert await offset(ann, where) == start
        answer = await patch(ann, where, FILE[start:end], start)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end))
        assert answer.headers["tus-resumable"] == "1.0.0"
    video_id = answer.headers["upload-video"]
    assert (await ann.http.get(f"/api/videos/{video_id}/original")).content == FILE
    assert await offset(ann, where) == len(FILE)
    assert (await ann.http.head(where, headers=VERSION)).headers["upload-video"] == video_id
    assert [video.name for video in await videos(server)] == ["a.mp4"]
    assert spooled(server) == []


async def test_creation_answers_where_and_until_when(ann: Somebody):
    headers = {**VERSION, "Upload-Length": "10"}
    answer = await ann.http.post(TUS, headers=headers)
    assert answer.status_code == 201
    assert answer.headers["location"].startswith(f"{TUS}/upl_")
    assert answer.headers["upload-expires"].endswith("GMT")


async def test_head_says_all_and_is_not_kept(ann: Somebody):
    where = await begin(ann)
    answer = await ann.http.head(where, headers=VERSION)
    assert (answer.headers["upload-length"], answer.headers["upload-offset"]) == (str(len(FILE)), "0")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["upload-metadata"] == f"filename {coded('a.mp4')}"
    assert answer.content == b""


async def test_creation_with_upload(server: Server, ann: Somebody):
    headers = {**BYTES, "Upload-Length": str(len(FILE)), "Upload-Metadata": f"filename {coded('b.mp4')}"}
    part = await ann.http.post(TUS, headers=headers, content=FILE[:50])
    assert (part.status_code, part.headers["upload-offset"]) == (201, "50")
    whole = await ann.http.post(TUS, headers=headers, content=FILE)
    assert (whole.status_code, whole.headers["upload-offset"]) == (201, str(len(FILE)))
    assert "upload-video" in whole.headers


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0"])
async def test_other_versions_are_refused_and_ours_is_named(ann: Somebody, version: str | None):
    where = await begin(ann)
    headers = {"Tus-Resumable": version} if version else {}
    for method in ("POST", "HEAD", "PATCH", "DELETE"):
        answer = await ann.http.request(method, TUS if method == "POST" else where, headers=headers)
        assert answer.status_code == 412
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-resumable"] == "1.0.0"


async def test_a_wrong_offset_is_a_conflict_and_changes_nothing(ann: Somebody):
    where = await begin(ann)
    assert (await patch(ann, where, FILE[:10], 0)).status_code == 204
    for wrong in (0, 9, 11, len(FILE)):
        answer = await patch(ann, where, b"x", wrong)
        assert answer.status_code in (409, 413)
    assert await offset(ann, where) == 10


async def test_a_wrong_content_type_is_refused(ann: Somebody):
    where = await begin(ann)
    answer = await ann.http.patch(where, content=FILE, headers={**VERSION, "Upload-Offset": "0"})
    assert answer.status_code == 415
    assert await offset(ann, where) == 0


async def test_more_than_was_announced_is_refused_declared_or_not(ann: Somebody):
    async def undeclared() -> AsyncIterator[bytes]:
        yield FILE
        yield b"more"

    where = await begin(ann)
    assert (await patch(ann, where, FILE + b"more", 0)).status_code == 413
    assert (await patch(ann, where, undeclared(), 0)).status_code == 413
    assert await offset(ann, where) == 0
    assert (await patch(ann, where, FILE, 0)).status_code == 204


@pytest.mark.parametrize("value", ["-1", "x", "1.5", "", str(1 << 70)])
async def test_lengths_and_offsets_are_plain_numbers(ann: Somebody, value: str):
    assert (await ann.http.post(TUS, headers={**VERSION, "Upload-Length": value})).status_code == 400
    where = await begin(ann)
    headers = {**BYTES, "Upload-Offset": value}
    assert (await ann.http.patch(where, content=b"x", headers=headers)).status_code == 400


async def test_a_length_is_needed(ann: Somebody):
    assert (await ann.http.post(TUS, headers=VERSION)).status_code == 400
    assert (await ann.http.post(TUS, headers={**VERSION, "Upload-Defer-Length": "1"})).status_code == 400
    empty = await ann.http.post(TUS, headers={**VERSION, "Upload-Length": "0"})
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, "uploads.empty")


async def test_metadata_that_cannot_be_read_is_refused(ann: Somebody):
    for value in ("filename not-base64!", "filename YQ==,filename YQ==", "visibility " + coded("everybody")):
        headers = {**VERSION, "Upload-Length": "5", "Upload-Metadata": value}
        assert (await ann.http.post(TUS, headers=headers)).status_code == 400, value


async def test_what_cannot_fit_is_refused_at_the_beginning(server: Server, ann: Somebody):
    for size, code in ((1 << 40, "uploads.too-large"), (300 << 20, "uploads.quota")):
        answer = await ann.http.post(TUS, headers={**VERSION, "Upload-Length": str(size)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, code)
    await begin(ann, 200 << 20)
    answer = await ann.http.post(TUS, headers={**VERSION, "Upload-Length": str(100 << 20)})
    assert answer.json()["error"]["code"] == "uploads.quota"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
async def test_a_checksum_that_holds(ann: Somebody, algorithm: str):
    where = await begin(ann)
    answer = await patch(ann, where, FILE[:300], 0, **checksum(FILE[:300], algorithm))
    assert answer.status_code == 204
    assert (await patch(ann, where, FILE[300:], 300, **checksum(FILE[300:], algorithm))).status_code == 204


async def test_a_checksum_that_does_not_hold_keeps_nothing(ann: Somebody):
    where = await begin(ann)
    assert (await patch(ann, where, FILE[:300], 0)).status_code == 204
    answer = await patch(ann, where, FILE[300:400], 300, **checksum(b"other"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (460, "uploads.checksum-mismatch")
    assert await offset(ann, where) == 300
    for bad in ("crc32 AAAA", "sha1 !!!", "sha1 AAAA", "sha1"):
        assert (await patch(ann, where, b"x", 300, Upload_Checksum=bad)).status_code == 400
    assert await offset(ann, where) == 300


async def test_creation_with_a_checksum(ann: Somebody):
    headers = {**BYTES, "Upload-Length": str(len(FILE)), **checksum(b"other")}
    assert (await ann.http.post(TUS, headers=headers, content=FILE)).status_code == 460


async def test_termination(server: Server, ann: Somebody):
    where = await begin(ann)
    await patch(ann, where, FILE[:300], 0)
    assert (await ann.http.delete(where, headers=VERSION)).status_code == 204
    assert (await ann.http.head(where, headers=VERSION)).status_code == 404
    assert (await patch(ann, where, b"x", 300)).status_code == 404
    assert spooled(server) == []


async def test_a_method_in_disguise(ann: Somebody):
    where = await begin(ann)
    headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await ann.http.post(where, headers=headers, content=FILE[:10])).status_code == 204
    assert await offset(ann, where) == 10


async def test_concatenation(server: Server, ann: Somebody):
    cuts = (0, 1000, 1001, len(FILE))
    parts = []
    for start, end in itertools.pairwise(cuts):
        where = await begin(ann, end - start, Upload_Concat="partial")
        assert (await patch(ann, where, FILE[start:end], 0)).status_code == 204
        assert (await ann.http.head(where, headers=VERSION)).headers["upload-concat"] == "partial"
        parts.append(where)
    assert await videos(server) == []
    headers = {**VERSION, "Upload-Metadata": f"filename {coded('joined.mp4')}"}
    final = "final;" + " ".join(parts)
    answer = await ann.http.post(TUS, headers={**headers, "Upload-Concat": final})
    assert answer.status_code == 201, answer.text
    video = answer.headers["upload-video"]
    assert (await ann.http.get(f"/api/videos/{video}/original")).content == FILE
    stands = await ann.http.head(answer.headers["location"], headers=VERSION)
    assert stands.headers["upload-concat"] == final
    assert stands.headers["upload-length"] == stands.headers["upload-offset"] == str(len(FILE))
    assert (await patch(ann, answer.headers["location"], b"x", 0)).status_code == 403
    assert spooled(server) == []


async def test_what_cannot_be_concatenated(server: Server, ann: Somebody, bo: Somebody):
    mine = await begin(ann, 10, Upload_Concat="partial")
    whole = await begin(ann)
    theirs = await begin(bo, 5, Upload_Concat="partial")
    await patch(bo, theirs, FILE[:5], 0)
    for parts in (mine, whole, theirs, f"{TUS}/upl_00000000000000000000000000"):
        answer = await ann.http.post(TUS, headers={**VERSION, "Upload-Concat": f"final;{parts}"})
        assert answer.status_code == 400, answer.text
    headers = {**VERSION, "Upload-Concat": f"final;{mine}", "Upload-Length": "10"}
    assert (await ann.http.post(TUS, headers=headers)).status_code == 400
    assert await videos(server) == []


async def test_uploads_belong_to_who_began_them(server: Server, ann: Somebody, bo: Somebody, viewer: Somebody):
    where = await begin(ann)
    assert (await bo.http.head(where, headers=VERSION)).status_code == 404
    assert (await patch(bo, where, b"x", 0)).status_code == 404
    assert (await bo.http.delete(where, headers=VERSION)).status_code == 404
    assert (await viewer.http.post(TUS, headers={**VERSION, "Upload-Length": "5"})).status_code == 403
    assert await offset(ann, where) == 0


async def test_who_is_nobody_stores_nothing_and_is_not_read(server: Server, ann: Somebody):
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield FILE

    where = await begin(ann)
    for http, status in ((server.client(), 401), (server.client("ctr_wrong"), 401)):
        answer = await http.patch(where, content=body(), headers={**BYTES, "Upload-Offset": "0"})
        assert (answer.status_code, read) == (status, 0)
    assert await offset(ann, where) == 0


async def test_what_is_no_video_is_refused_whatever_its_name(server: Server, ann: Somebody):
    text = b"just some text\n" * 500
    where = await begin(ann, len(text), name="film.mp4")
    answer = await patch(ann, where, text, 0)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "uploads.not-video")
    assert (await ann.http.head(where, headers=VERSION)).status_code == 404
    assert (spooled(server), await videos(server)) == ([], [])


async def test_parts_of_what_is_no_video_are_kept_out_too(server: Server, ann: Somebody):
    where = await begin(ann, 1000, Upload_Concat="partial")
    await patch(ann, where, b"x" * 1000, 0)
    answer = await ann.http.post(TUS, headers={**VERSION, "Upload-Concat": f"final;{where}"})
    assert answer.json()["error"]["code"] == "uploads.not-video"
    assert await videos(server) == []


async def test_the_same_bytes_are_a_second_video_and_a_notice(server: Server, ann: Somebody):
    first = await ann.http.post(TUS, headers={**BYTES, "Upload-Length": str(len(FILE))}, content=FILE)
    services = server.services
    async with services.database.transaction() as tx:  # what its hash job would do
        video = await services.library.get(tx.conn, first.headers["upload-video"], viewer=None)
        path = services.store.local_path(video.path)
        from cutroom.library.work import hash_bytes

        await services.library.hashing.set_hash(tx, video, hash_bytes(path))
    second = await ann.http.post(TUS, headers={**BYTES, "Upload-Length": str(len(FILE))}, content=FILE)
    assert second.headers["upload-duplicate-of"] == first.headers["upload-video"]
    raw = await ann.http.post("/api/uploads", params={"name": "again.mp4"}, content=FILE)
    assert set(raw.json()["duplicate_of"]) == {first.headers["upload-video"], second.headers["upload-video"]}
    assert len({one.asset_id for one in await videos(server)}) == 1
    other = FILE[:-1] + b"!"
    third = await ann.http.post(TUS, headers={**BYTES, "Upload-Length": str(len(FILE))}, content=other)
    assert "upload-duplicate-of" not in third.headers


async def test_an_upload_that_is_left_alone_expires(server: Server, ann: Somebody):
    from sqlalchemy import update

    from cutroom.uploads.tables import upload_sessions

    half, whole = await begin(ann), await begin(ann)
    await patch(ann, half, FILE[:10], 0)
    spool = server.folder / "data" / "scratch" / "uploads"
    (spool / f"{whole.rpartition('/')[2]}.bytes").write_bytes(FILE)  # as if killed before the hand-over
    async with server.services.database.transaction() as tx:
        await tx.conn.execute(update(upload_sessions).values(expires_at=1))
    assert (await ann.http.head(half, headers=VERSION)).status_code == 410
    assert await server.services.resumable.sweep() == 2
    assert (await ann.http.head(half, headers=VERSION)).status_code == 404
    assert len(await videos(server)) == 1
    assert spooled(server) == []


async def test_a_whole_file_that_does_not_fit_now_is_kept_when_it_expires(
    server: Server, ann: Somebody, monkeypatch: pytest.MonkeyPatch
):
    from sqlalchemy import update

    from cutroom.uploads.tables import upload_sessions

    async def expire() -> int:
        async with server.services.database.transaction() as tx:
            await tx.conn.execute(update(upload_sessions).values(expires_at=1))
        return await server.services.resumable.sweep()

    whole = await begin(ann)
    spool = server.folder / "data" / "scratch" / "uploads"
    file = spool / f"{whole.rpartition('/')[2]}.bytes"
    file.write_bytes(FILE)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("cutroom.storage.local._move", full)
        assert await expire() == 0
    assert file.read_bytes() == FILE
    assert await videos(server) == []
    assert await expire() == 1
    assert len(await videos(server)) == 1


async def test_a_newer_request_takes_over_from_one_that_hangs(server: Server, ann: Somebody):
    where = await begin(ann)
    hanging, go_on = asyncio.Event(), asyncio.Event()

    async def half_open() -> AsyncIterator[bytes]:
        yield FILE[:1000]
        hanging.set()
        await go_on.wait()

    old = asyncio.create_task(patch(ann, where, half_open(), 0))
    await hanging.wait()
    assert await offset(ann, where) == 1000
    assert (await patch(ann, where, FILE[1000:], 1000)).status_code == 204
    go_on.set()
    assert (await old).status_code == 409
    assert len(await videos(server)) == 1


async def test_many_at_once_on_one_upload_write_each_byte_once(server: Server, ann: Somebody):
    where = await begin(ann)
    answers = await asyncio.gather(*(patch(ann, where, FILE, 0) for _ in range(12)))
    assert {answer.status_code for answer in answers} <= {204, 409, 423}
    while (stands := await offset(ann, where)) < len(FILE):
        await patch(ann, where, FILE[stands:], stands)
    [video] = await videos(server)
    assert server.services.store.local_path(video.path).read_bytes() == FILE


async def test_a_body_that_brings_nothing_is_ended(ann: Somebody):
    async def slow() -> AsyncIterator[bytes]:
        yield FILE[:7]
        while True:
            await asyncio.sleep(0.05)
            yield b"x"

    where = await begin(ann, 1 << 20)
    answer = await patch(ann, where, slow(), 0)
    assert (answer.status_code, answer.json()["error"]["code"]) == (408, "uploads.too-slow")
    assert 7 <= await offset(ann, where) < 100


async def test_a_crash_between_publishing_and_the_database_is_made_good(server: Server, ann: Somebody):
    where = await begin(ann)
    spool = server.folder / "data" / "scratch" / "uploads" / f"{where.rpartition('/')[2]}.bytes"
    spool.write_bytes(FILE)
    assert await offset(ann, where) == len(FILE)
    assert await offset(ann, where) == len(FILE)
    assert len(await videos(server)) == 1


async def test_after_the_machine_went_down_only_what_was_flushed_counts(server: Server, ann: Somebody):
    from sqlalchemy import update

    from cutroom.uploads.tables import upload_sessions

    where = await begin(ann)
    await patch(ann, where, FILE[:1000], 0)
    async with server.services.database.transaction() as tx:
        await tx.conn.execute(update(upload_sessions).values(boot_id="an earlier one", checkpoint_bytes=400))
    assert await offset(ann, where) == 400
    assert (await patch(ann, where, FILE[400:], 400)).status_code == 204
    [video] = await videos(server)
    assert server.services.store.local_path(video.path).read_bytes() == FILE


async def test_a_proxy_that_holds_requests_back_is_named(server: Server, ann: Somebody):
    where = await begin(ann)
    first = await ann.http.head(where, headers=VERSION)
    assert "upload-notice" not in first.headers
    second = await ann.http.head(where, headers=VERSION)
    assert second.headers["upload-notice"] == "held-back"
    health = (await server.client().get("/health")).json()
    assert health["ok"]
    [said] = [check["message"] for check in health["checks"] if check["name"] == "uploads"]
    assert "proxy" in said
    assert (await patch(ann, where, FILE, 0)).status_code == 204
