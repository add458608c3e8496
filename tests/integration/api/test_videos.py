import os
from pathlib import Path

from cutroom.api.schemas.videos import VideoDetail, VideoPage
from cutroom.jobs.models import JobState
from cutroom.library.models import Visibility

from .conftest import Server, Somebody


async def test_answers_have_the_fields_of_the_schema(server: Server, ann: Somebody):
    video = await server.video("a.mp4", ann, Visibility.SHARED)
    await server.video("b.mp4", None, Visibility.SHARED)
    page = VideoPage.model_validate_json((await ann.http.get("/api/videos")).content, strict=True)
    assert (len(page.items), page.total, page.next) == (2, 2, None)
    detail = VideoDetail.model_validate_json((await ann.http.get(f"/api/videos/{video}")).content, strict=True)
    assert detail.owner is not None
    assert detail.owner.name == "ann"
    assert detail.jobs.active == 1


async def test_pages_hold_every_video_once(server: Server, ann: Somebody):
    added = [await server.video(f"v{number:02}.mp4", None, Visibility.SHARED) for number in range(7)]
    for sort, order in (("added", "desc"), ("name", "asc"), ("name", "desc"), ("duration", "asc")):
        seen: list[str] = []
        after: str | None = None
        while True:
            asked = {"limit": "3", "sort": sort, "order": order} | ({"after": after} if after else {})
            page = (await ann.http.get("/api/videos", params=asked)).json()
            seen += [row["id"] for row in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert sorted(seen) == sorted(added), (sort, order)
        if sort == "name":
            assert seen == (added if order == "asc" else added[::-1])


async def test_filters(server: Server, ann: Somebody):
    await server.video("talk.mp4", None, Visibility.SHARED)
    await server.video("Interview 100%.mp4", None, Visibility.SHARED)
    for asked, names in (
        ({"q": "TALK"}, ["talk.mp4"]),
        ({"q": "100%"}, ["Interview 100%.mp4"]),
        ({"q": "%"}, []),
        ({"q": "nothing"}, []),
        ({"verdict": "corrupt"}, []),
        ({"verdict": ["corrupt", "pending"], "q": "talk"}, ["talk.mp4"]),
        ({"proxy": "ready"}, []),
    ):
        rows = (await ann.http.get("/api/videos", params=asked)).json()["items"]
        assert [row["name"] for row in rows] == names, asked


async def test_adding_says_what_was_skipped_and_why(admin: Somebody, tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(b"x" * 100)
    os.mkfifo(folder / "pipe.mp4")
    asked = {"paths": [str(folder), str(folder / "a.mp4"), str(tmp_path / "gone.mp4")]}
    answer = await admin.http.post("/api/videos", json=asked)
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert len(found["added"]) == 1
    assert any(skipped["path"].endswith("gone.mp4") for skipped in found["skipped"])
    relative = await admin.http.post("/api/videos", json={"paths": ["a.mp4"]})
    assert (relative.status_code, relative.json()["error"]["code"]) == (400, "library.path-relative")


async def test_removing_leaves_a_referenced_file(server: Server, ann: Somebody):
    video = await server.video("keep.mp4", ann, Visibility.SHARED)
    assert (await ann.http.delete(f"/api/videos/{video}")).status_code == 204
    assert (await ann.http.get(f"/api/videos/{video}")).status_code == 404
    assert (server.folder / "footage" / "keep.mp4").exists()


async def test_originals_download_in_ranges_under_their_name(server: Server, ann: Somebody):
    video = await server.video('a "b" 🎬.mp4', ann, Visibility.SHARED, bytes(range(250)))
    answer = await ann.http.get(f"/api/videos/{video}/original", headers={"range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["content-disposition"].startswith("attachment;")
    (server.folder / "footage" / 'a "b" 🎬.mp4').unlink()
    gone = await ann.http.get(f"/api/videos/{video}/original")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "media.not-found")


async def test_opening_puts_its_jobs_first(server: Server, viewer: Somebody):
    video = await server.video("a.mp4", None, Visibility.SHARED)
    assert (await viewer.http.post(f"/api/videos/{video}/open")).status_code == 204
    jobs = (await viewer.http.get("/api/jobs", params={"subject": video})).json()["items"]
    assert [job["priority"] for job in jobs] == [100]


async def test_jobs_are_cancelled_and_retried(server: Server, ann: Somebody, viewer: Somebody):
    video = await server.video("a.mp4", ann, Visibility.SHARED)
    [job] = (await ann.http.get("/api/jobs", params={"subject": video, "state": "queued"})).json()["items"]
    assert (await viewer.http.post(f"/api/jobs/{job['id']}/cancel")).status_code == 403
    assert (await ann.http.post(f"/api/jobs/{job['id']}/cancel")).json()["state"] == "cancelled"
    assert (await ann.http.post(f"/api/jobs/{job['id']}/retry")).json()["state"] == "queued"
    counts = (await ann.http.get("/api/jobs")).json()["counts"]
    assert counts == dict.fromkeys(counts, 0) | {"queued": 1}
    assert set(counts) == {state.value for state in JobState}
