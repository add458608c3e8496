"""Webhooks over HTTP: who may, what is shown, and what happens in the library becoming messages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cutroom.bootstrap.settings import NetSettings, Settings
from cutroom.core.errors import ErrorDocument
from cutroom.jobs.testing import run_queued
from cutroom.library.models import ProxyState, Summary, Visibility
from tests.local_servers import Place, reply, saying, serving

from .conftest import Server, Somebody


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", net=NetSettings(allow=("127.0.0.1",)))


@pytest.fixture
async def receiver() -> AsyncIterator[Place]:
    async with serving(saying(reply(200, b"thanks"))) as place:
        yield place


async def added(admin: Somebody, url: str, *events: str) -> dict[str, Any]:
    answer = await admin.http.post("/api/webhooks", json={"url": url, "events": list(events or ("job.failed",))})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def sent(admin: Somebody, hook_id: str) -> list[dict[str, Any]]:
    answer = await admin.http.get(f"/api/webhooks/{hook_id}/deliveries")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_a_webhooks_life(admin: Somebody, receiver: Place):
    made = await added(admin, receiver.url("/hook"), "video.ready", "inspection.corrupt")
    hook, secret = made["webhook"], made["secret"]
    assert secret.startswith("whsec_")
    assert hook["events"] == ["inspection.corrupt", "video.ready"]
    listed = (await admin.http.get("/api/webhooks")).text
    assert secret not in listed
    assert json.loads(listed)["items"] == [hook]

    done = (await admin.http.post(f"/api/webhooks/{hook['id']}/test")).json()
    assert (done["state"], done["response_status"], done["response_excerpt"]) == ("delivered", 200, "thanks")
    assert [asked.path for asked in receiver.asked] == ["/hook"]
    assert await sent(admin, hook["id"]) == [done]

    turned = (await admin.http.post(f"/api/webhooks/{hook['id']}/rotate-secret", json={})).json()
    assert turned["secret"] not in (secret, "")
    changed = await admin.http.patch(f"/api/webhooks/{hook['id']}", json={"enabled": False, "events": ["clip.done"]})
    assert (changed.json()["enabled"], changed.json()["events"]) == (False, ["clip.done"])
    again = await admin.http.post(f"/api/webhooks/{hook['id']}/deliveries/{done['id']}/replay")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "webhook.disabled")
    await admin.http.patch(f"/api/webhooks/{hook['id']}", json={"enabled": True})
    again = await admin.http.post(f"/api/webhooks/{hook['id']}/deliveries/{done['id']}/replay")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    assert (await admin.http.delete(f"/api/webhooks/{hook['id']}")).status_code == 204
    assert (await admin.http.get(f"/api/webhooks/{hook['id']}/deliveries")).status_code == 404
    actions = [entry["action"] for entry in (await admin.http.get("/api/audit")).json()["items"]]
    assert {"webhook.create", "webhook.rotate-secret", "webhook.change", "webhook.replay"} <= set(actions)


async def test_only_administrators_may(ann: Somebody, admin: Somebody, receiver: Place):
    hook_id = (await added(admin, receiver.url()))["webhook"]["id"]
    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("PATCH", f"/{hook_id}"),
        ("DELETE", f"/{hook_id}"),
        ("POST", f"/{hook_id}/test"),
        ("POST", f"/{hook_id}/rotate-secret"),
        ("GET", f"/{hook_id}/deliveries"),
        ("POST", f"/{hook_id}/deliveries/del_1/replay"),
    ):
        answer = await ann.http.request(method, f"/api/webhooks{path}", json={})
        assert answer.status_code == 403, (method, path)
    assert receiver.asked == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "http://169.254.169.254/latest", "events": ["clip.done"]}, 403, "net.address-refused"),
        ({"url": "http://[::1]:8400/api/jobs", "events": ["clip.done"]}, 403, "net.address-refused"),
        ({"url": "file:///etc/passwd", "events": ["clip.done"]}, 400, "net.url-invalid"),
        ({"url": "https://a:b@example.org/", "events": ["clip.done"]}, 400, "net.url-invalid"),
        ({"url": "https://nothing.invalid/", "events": []}, 422, "http.invalid-request"),
        ({"url": "https://nothing.invalid/", "events": ["test"]}, 422, "http.invalid-request"),
        ({"url": "https://nothing.invalid/", "events": ["clip.done"], "secret": "x"}, 400, "webhook.secret-invalid"),
    ],
)
async def test_what_cannot_be_kept_is_refused(admin: Somebody, body: dict[str, Any], status: int, code: str):
    answer = await admin.http.post("/api/webhooks", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await admin.http.get("/api/webhooks")).json()["items"] == []


async def test_a_test_that_fails_says_why(admin: Somebody):
    hook = (await added(admin, "http://nothing.invalid/"))["webhook"]
    done = (await admin.http.post(f"/api/webhooks/{hook['id']}/test")).json()
    assert (done["state"], done["error"]["code"]) == ("failed", "net.unknown-host")
    assert (await admin.http.get("/api/webhooks")).json()["items"][0]["failed"] == 1


async def test_a_damaged_file_is_told_with_its_findings(server: Server, admin: Somebody, receiver: Place):
    hook = (await added(admin, receiver.url(), "inspection.corrupt", "job.failed"))["webhook"]
    video_id = await server.video("film.mp4", admin, Visibility.PRIVATE, b"\0\0\0\x18ftypmp42" + bytes(500))
    services = server.services
    kinds = {"inspect": services.jobs.kind("inspect")}
    await run_queued(services.jobs.leases(owner="test"), kinds, "inspect", server.folder)
    video = (await admin.http.get(f"/api/videos/{video_id}")).json()
    told = await sent(admin, hook["id"])
    if video["verdict"] != "corrupt":
        pytest.fail(f"the file should be corrupt, not {video['verdict']}")
    assert [(one["event"], one["subject"]) for one in told] == [("inspection.corrupt", video_id)]
    await server.services.deliveries.send_now(told[0]["id"])
    data = json.loads(receiver.asked[0].body)["data"]
    assert (data["name"], data["status"], data["video_id"]) == ("film.mp4", "corrupt", video_id)
    assert data["path"].endswith("/footage/film.mp4")
    assert data["findings"][0]["code"]


async def test_a_ladder_is_told_once_and_a_failed_job_too(server: Server, admin: Somebody, receiver: Place):
    hook = (await added(admin, receiver.url(), "video.ready", "job.failed"))["webhook"]
    video_id = await server.video("film.mp4", admin, Visibility.SHARED)
    services = server.services
    for state in (ProxyState.ENCODING, ProxyState.READY, ProxyState.READY):
        async with services.database.transaction() as tx:
            await services.library.set_summary(tx, [video_id], Summary(proxy_state=state))
    leases = services.jobs.leases(owner="test")
    job = await leases.claim("inspect")
    assert job is not None
    await leases.fail(job, ErrorDocument(code="media.damaged", message="It is damaged."), retry=False)
    told = await sent(admin, hook["id"])
    assert [(one["event"], one["subject"]) for one in told] == [("job.failed", job.id), ("video.ready", video_id)]
    await server.services.deliveries.send_now(told[0]["id"])
    data = json.loads(receiver.asked[0].body)["data"]
    assert (data["kind"], data["error"]["code"], data["subject"]) == ("inspect", "media.damaged", video_id)


async def test_a_finished_clip_is_told(server: Server, admin: Somebody, receiver: Place):
    hook = (await added(admin, receiver.url(), "clip.done"))["webhook"]
    video_id = await server.video("film.mp4", admin, Visibility.SHARED)
    services = server.services
    async with services.database.transaction() as tx:
        probe = {"video": {"frames": 100, "frames_source": "counted", "frame_rate": "25"}}
        await services.library.set_summary(tx, [video_id], Summary(probe=probe))
        video = await services.library.get(tx.conn, video_id, viewer=None)
        clip = await services.clips.create(tx, video, in_frame=0, out_frame=5, owner_id=None)
    leases = services.jobs.leases(owner="test")
    job = await leases.claim("clip")
    assert job is not None
    folder = services.data.scratch / "attempt"
    folder.mkdir()
    (folder / f"{clip.id}.mp4").write_bytes(b"cut")
    outcome = {"answer": {"path": "x", "frames": 5}, "error": None}
    await leases.finish(
        msgspec.structs.replace(job, work_dir=folder), {"outcomes": {clip.id: outcome}, "sizes": {clip.id: 5}}
    )
    (told,) = await sent(admin, hook["id"])
    assert (told["event"], told["subject"]) == ("clip.done", clip.id)
    await services.deliveries.send_now(told["id"])
    data = json.loads(receiver.asked[0].body)["data"]
    assert (data["name"], data["video_id"], data["size_bytes"]) == (clip.name, video_id, 3)
    assert data["cut"] == {"path": clip.name, "frames": 5}
