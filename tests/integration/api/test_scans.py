"""Scans over HTTP, on the whole application with a job runner beside it."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cutroom.library.models import Visibility
from cutroom.media.sample import make_footage
from cutroom.worker.main import plans
from cutroom.worker.supervisor import Supervisor
from tests.integration.api.conftest import Server, Somebody


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound film, one with a hole in its picture, one that is none, and a name that is not UTF-8."""
    folder = tmp_path_factory.mktemp("films")
    make_footage(folder / "good.mp4", seconds=2, rate=Fraction(25), width=192, height=108, gop=10)
    data = bytearray((folder / "good.mp4").read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 1500] = bytes(1500)
    (folder / "hole.mp4").write_bytes(data)
    (folder / "text.mp4").write_text("no film at all " * 200)
    (folder / os.fsdecode(b"od\xffd.mp4")).write_bytes((folder / "good.mp4").read_bytes())
    return folder


@pytest.fixture
async def runner(server: Server) -> AsyncIterator[None]:
    services = server.services
    supervisor = Supervisor(
        database=services.database,
        jobs=services.jobs,
        scratch=services.data.scratch,
        queues={name: plan for name, plan in plans(services.settings).items() if name in ("scan", "inspect")},
    )
    running = asyncio.create_task(supervisor.run())
    yield
    supervisor.leave()
    await running


async def finished(admin: Somebody, scan_id: str) -> dict[str, Any]:
    for _ in range(600):
        scan: dict[str, Any] = (await admin.http.get(f"/api/scans/{scan_id}")).json()
        if scan["state"] not in ("queued", "running"):
            return scan
        await asyncio.sleep(0.05)
    raise AssertionError(scan)


async def test_a_scan_from_its_start_to_its_pictures(
    server: Server, admin: Somebody, films: Path, runner: None
) -> None:
    begun = await admin.http.post("/api/scans", json={"roots": [str(films)], "mode": "standard"})
    assert begun.status_code == 202
    scan = await finished(admin, begun.json()["id"])
    assert (scan["state"], scan["files"], scan["files_total"]) == ("done", 4, 4)
    assert scan["statuses"] == {"healthy": 2, "corrupt": 1, "not-video": 1}
    [listed] = (await admin.http.get("/api/scans")).json()["items"]
    # The child writes the totals, and the job that ends after it says once more that it is done.
    assert {**listed, "updated_at": 0} == {**scan, "updated_at": 0}

    address = f"/api/scans/{scan['id']}"
    results = (await admin.http.get(f"{address}/results", params={"limit": 3})).json()
    assert [one["name"] for one in results["items"]] == ["hole.mp4", "text.mp4", "good.mp4"]
    rest = (await admin.http.get(f"{address}/results", params={"after": results["next"]})).json()
    assert ([one["name"] for one in rest["items"]], rest["next"]) == (["od\\xffd.mp4"], None)
    hole = results["items"][0]
    detail = (await admin.http.get(f"/api/inspection/results/{hole['id']}")).json()
    assert detail["finding_count"] == len(detail["findings"])
    assert [one["scan_id"] for one in detail["history"]] == [scan["id"]]
    seen = [await admin.http.get(one["picture_url"]) for one in detail["findings"] if one["picture_url"]]
    assert {one.status_code for one in seen} <= {200, 404}
    drawn = next(one for one in seen if one.status_code == 200)
    assert drawn.content[8:12] == b"WEBP"
    assert len(list(server.services.data.moments.iterdir())) >= 1
    none = await admin.http.get(f"/api/inspection/results/{hole['id']}/findings/99/picture")
    assert (none.status_code, none.json()["error"]["code"]) == (404, "inspection.no-picture")

    lines = list(csv.reader(io.StringIO((await admin.http.get(f"{address}/report?format=csv")).text)))
    assert [Path(line[0]).name for line in lines[1:]] == ["hole.mp4", "text.mp4", "good.mp4", "od\\xffd.mp4"]
    report = (await admin.http.get(f"{address}/report?format=json")).json()
    assert report["summary"]["statuses"] == {"healthy": 2, "corrupt": 1, "not-video": 1}
    for format, head in (("pdf", b"%PDF"), ("html", b"<!doctype html>"), ("jsonl", b'{"path"')):
        answer = await admin.http.get(f"{address}/report", params={"format": format})
        assert answer.content.startswith(head)
        assert answer.headers["content-disposition"].startswith("attachment")

    again = (await admin.http.post("/api/scans", json={"roots": [str(films)]})).json()
    assert (await finished(admin, again["id"]))["kept"] == 4
    assert (await admin.http.delete(f"/api/scans/{again['id']}")).status_code == 204
    statistics = (await admin.http.get("/api/inspection/statistics")).json()
    assert (statistics["files"], len(statistics["trend"])) == (4, 1)


async def test_a_video_of_the_library_gets_its_verdict(
    server: Server, admin: Somebody, viewer: Somebody, films: Path, runner: None
) -> None:
    video = await server.video("hole.mp4", admin, Visibility.SHARED, (films / "hole.mp4").read_bytes())
    scan = (await admin.http.post("/api/scans", json={"library": True})).json()
    assert (await finished(admin, scan["id"]))["statuses"] == {"corrupt": 1}
    history = (await viewer.http.get(f"/api/videos/{video}/inspections")).json()["items"]
    assert {one["mode"] for one in history} >= {"standard"}
    deep = next(one for one in history if one["mode"] == "standard")
    assert str(server.folder) not in str(history)
    pictures = [await viewer.http.get(one["picture_url"]) for one in deep["findings"] if one["picture_url"]]
    assert 200 in {one.status_code for one in pictures}
    listed = (await admin.http.get("/api/inspection/files")).json()["items"]
    assert [(one["name"], one["video_id"], one["status"]) for one in listed] == [("hole.mp4", video, "corrupt")]
    asked = await admin.http.post(f"/api/videos/{video}/inspect", json={"mode": "deep"})
    assert asked.status_code == 202
    assert (await admin.http.get(f"/api/jobs/{asked.json()['job_id']}")).json()["kind"] == "inspect"
    assert (await viewer.http.post(f"/api/videos/{video}/inspect", json={"mode": "deep"})).status_code == 403


async def test_a_private_video_stays_private(server: Server, ann: Somebody, bo: Somebody) -> None:
    video = await server.video("mine.mp4", ann, Visibility.PRIVATE)
    assert (await bo.http.get(f"/api/videos/{video}/inspections")).status_code == 404
    picture = await bo.http.get(f"/api/videos/{video}/inspections/ins_1/findings/0/picture")
    assert picture.status_code == 404
    assert (await ann.http.get(f"/api/videos/{video}/inspections")).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"roots": ["/nowhere/at/all"]}, "scan.root-missing"),
        ({"roots": ["relative"]}, "scan.path-relative"),
        ({}, "http.invalid-request"),
        ({"roots": ["/tmp"], "library": True}, "http.invalid-request"),
        ({"library": True, "mode": "psychic"}, "http.invalid-request"),
    ],
)
async def test_a_scan_of_nothing_is_refused(admin: Somebody, body: dict[str, Any], code: str) -> None:
    answer = await admin.http.post("/api/scans", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


async def test_scans_are_for_administrators(ann: Somebody, admin: Somebody, tmp_path: Path) -> None:
    for address in ("scans", "scans/schedules", "inspection/files", "inspection/statistics", "inspection/duplicates"):
        assert (await ann.http.get(f"/api/{address}")).status_code == 403
    begun = (await admin.http.post("/api/scans", json={"roots": [str(tmp_path)]})).json()
    assert (await ann.http.get(f"/api/jobs/{begun['job_id']}")).status_code == 404
    assert (await ann.http.get("/api/jobs")).json()["items"] == []


async def test_schedules_are_made_changed_run_and_forgotten(admin: Somebody, tmp_path: Path) -> None:
    wanted = {"name": "nightly", "roots": [str(tmp_path)], "cron": "0 3 * * *", "mode": "deep"}
    made = (await admin.http.post("/api/scans/schedules", json=wanted)).json()
    assert made["next_run_at"] is not None
    address = f"/api/scans/schedules/{made['id']}"
    changed = (await admin.http.patch(address, json={"enabled": False, "library": True})).json()
    assert (changed["enabled"], changed["next_run_at"], changed["roots"]) == (False, None, [])
    refused = await admin.http.patch(address, json={"cron": "whenever"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "schedule.bad-cron")
    run = await admin.http.post(f"{address}/run")
    assert (run.status_code, run.json()["origin"]) == (202, "schedule")
    assert (await admin.http.post(f"{address}/run")).json()["id"] == run.json()["id"]
    [listed] = (await admin.http.get("/api/scans/schedules")).json()["items"]
    assert listed["last_scan_id"] == run.json()["id"]
    assert (await admin.http.delete(address)).status_code == 204
    assert (await admin.http.get("/api/scans/schedules")).json()["items"] == []
