"""Jobs over HTTP: filters, details, many at once, and an event stream that loses and doubles nothing."""

from __future__ import annotations

import asyncio
import re

from sqlalchemy import select

from cutroom.accounts.models import Role
from cutroom.api.streams import EventHub
from cutroom.events.tables import outbox
from cutroom.jobs.models import NewJob
from tests.integration.api.conftest import Server, Somebody


async def queue(server: Server, number: int, owner: str | None = None) -> list[str]:
    new = [
        NewJob(kind="hash", payload={}, subject=f"vid_{index}", title=f"Hash of 50% take_{index}.mp4", owner_id=owner)
        for index in range(number)
    ]
    async with server.services.database.transaction() as tx:
        return await server.services.jobs.enqueue_many(tx, new)


async def test_filters_fit_together_and_count_without_the_state(server: Server, admin: Somebody) -> None:
    ids = await queue(server, 5)
    await admin.http.post(f"/api/jobs/{ids[0]}/pause")
    answer = (await admin.http.get("/api/jobs", params={"text": "50% TAKE_", "state": "paused", "queue": "io"})).json()
    assert [job["id"] for job in answer["items"]] == [ids[0]]
    assert (answer["counts"]["queued"], answer["counts"]["paused"]) == (4, 1)
    for wrong in ({"text": "50_ take"}, {"queue": "encode"}, {"kind": "clip"}):
        assert (await admin.http.get("/api/jobs", params=wrong)).json()["items"] == []
    detail = (await admin.http.get(f"/api/jobs/{ids[1]}")).json()
    assert (detail["queue"], detail["history"], detail["parts"], detail["needs"]) == ("io", [], None, [])


async def test_one_call_says_what_became_of_each(server: Server, admin: Somebody) -> None:
    [mine, other, done] = await queue(server, 3)
    await admin.http.post(f"/api/jobs/{done}/cancel")
    asked = {"action": "pause", "ids": [mine, done, "job_none", mine]}
    answer = (await admin.http.post("/api/jobs/actions", json=asked)).json()
    said = [(item["id"], item["changed"], (item["error"] or {}).get("code")) for item in answer["items"]]
    assert said == [(mine, True, None), (done, False, "job.not-pausable"), ("job_none", False, "job.not-found")]
    assert (answer["changed"], answer["more"]) == (1, False)
    everything = {"action": "cancel", "matching": {"text": "take"}}
    answer = (await admin.http.post("/api/jobs/actions", json=everything)).json()
    assert {item["id"] for item in answer["items"]} == {mine, other}
    assert {item["state"] for item in answer["items"]} == {"cancelled"}
    for bad in ({"action": "pause"}, {"action": "burn", "ids": []}, {"action": "pause", "ids": [], "matching": {}}):
        assert (await admin.http.post("/api/jobs/actions", json=bad)).status_code == 422


async def test_others_jobs_are_out_of_reach(server: Server, admin: Somebody) -> None:
    owner, other = await server.person("ann2", Role.EDITOR), await server.person("bo2", Role.EDITOR)
    [job_id] = await queue(server, 1, owner.principal.account_id)
    answer = (await other.http.post("/api/jobs/actions", json={"action": "cancel", "ids": [job_id]})).json()
    assert answer["items"][0]["error"]["code"] == "job.not-found"
    answer = (await other.http.post("/api/jobs/actions", json={"action": "cancel", "matching": {}})).json()
    assert job_id not in [item["id"] for item in answer["items"]]
    assert (await admin.http.get(f"/api/jobs/{job_id}")).json()["state"] == "queued"


class Page:
    """A browser's event stream that breaks and comes back."""

    def __init__(self, somebody: Somebody) -> None:
        self._principal = somebody.principal
        self.seen: list[int] = []
        self.last: int | None = None

    async def read(self, hub: EventHub, number: int) -> None:
        """Connect, take so many events, and break off."""
        stream = hub.stream(self._principal, self.last)
        async with asyncio.timeout(20):
            async for frame in stream:
                found = re.match(rb"id: (\d+)\nevent: ([a-z.]+)\n", frame)
                assert found, frame
                assert found[2] != b"reset"
                self.last = int(found[1])
                self.seen += [self.last] if found[2] == b"job.changed" else []
                if len(self.seen) >= number:
                    break
        await stream.aclose()


async def test_no_event_is_lost_or_doubled_over_breaks_and_a_restart(server: Server, admin: Somebody) -> None:
    page, hub = Page(admin), server.app.state.hub
    reading = asyncio.create_task(page.read(hub, 3))
    await asyncio.sleep(0.1)
    writing = [asyncio.create_task(queue(server, 2)) for _ in range(5)]
    await reading  # breaks in the middle
    await asyncio.gather(*writing)
    await page.read(hub, 7)
    restarted = EventHub(server.services.database, server.services.accounts, server.services.coherence.heard)
    await queue(server, 4)
    await restarted.start()
    await queue(server, 4)
    await page.read(restarted, 18)
    await restarted.close()
    async with server.services.database.read() as conn:
        written = await conn.execute(select(outbox.c.id).where(outbox.c.topic == "job.changed").order_by(outbox.c.id))
        assert page.seen == list(written.scalars())
