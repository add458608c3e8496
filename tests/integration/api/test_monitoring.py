"""Numbers, caches, statistics and limits, over HTTP."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cutroom.accounts.models import Role
from cutroom.api.app import with_settings
from cutroom.api.schemas.monitoring import CacheReport, Health, MyStatistics, PerformanceReport
from cutroom.api.schemas.videos import VideoRow
from cutroom.bootstrap.settings import LimitsSettings, ServerSettings, Settings
from cutroom.library.models import Visibility

from .conftest import Server, Somebody


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


async def test_metrics_count_requests_by_route_and_never_by_address(server: Server, admin: Somebody) -> None:
    video = await server.video("a.mp4", None, Visibility.SHARED)
    await admin.http.get("/api/session")  # a token's first use is noted in the database
    for path in (f"/api/videos/{video}", f"/api/videos/{video}", "/api/videos/vid_none", "/api/videos?limit=3"):
        await admin.http.get(path)
    answer = await admin.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"
    found = samples(answer.text)
    name, one = "cutroom_http_request_seconds_count", {("method", "GET"), ("route", "/api/videos/{video_id}")}
    assert found[name, frozenset({*one, ("status", "200")})] == 2  # a repeated answer counts too
    assert found[name, frozenset({*one, ("status", "404")})] == 1
    assert video not in answer.text
    assert found["cutroom_jobs", frozenset({("queue", "inspect"), ("state", "queued")})] == 1
    assert found["cutroom_lane_hits_total", frozenset()] == 1
    assert found["cutroom_process_resident_bytes", frozenset()] > 10_000_000
    buckets = [
        value for (key, labels), value in found.items() if key.endswith("_bucket") and ("status", "404") in labels
    ]
    assert sorted(buckets) == buckets


async def test_metrics_are_for_administrators_and_scrapers(
    server: Server, admin: Somebody, ann: Somebody, settings: Settings
) -> None:
    for path in ("/metrics", "/health/performance", "/admin/cache/stats"):
        assert (await server.client().get(path)).status_code == 401
        assert (await server.client("").get(path)).status_code == 401
        assert (await ann.http.get(path)).status_code == 403
        assert (await admin.http.get(path)).status_code == 200


async def test_a_scraper_shows_its_token(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", server=ServerSettings(metrics_token="scrape me"))
    app = with_settings(settings, ui=tmp_path)
    async with app.router.lifespan_context(app):
        for token, status in (("scrape me", 200), ("scrape", 401), ("", 401)):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                answer = await http.get("/metrics", headers={"authorization": f"Bearer {token}"})
                assert answer.status_code == status
                assert (await http.get("/admin/cache/stats", headers={"authorization": f"Bearer {token}"})).is_error


async def test_reports_have_the_fields_of_their_schemas(server: Server, admin: Somebody) -> None:
    await admin.http.get("/api/stats/me")
    report = PerformanceReport.model_validate_json((await admin.http.get("/health/performance")).content, strict=True)
    assert {one.route for one in report.routes} == {"/api/stats/me"}
    assert report.requests == 1
    caches = CacheReport.model_validate_json((await admin.http.get("/admin/cache/stats")).content, strict=True)
    assert [(one.group, one.loaded) for one in caches.groups] == [("stats", 1)]
    health = Health.model_validate_json((await server.client().get("/health")).content, strict=True)
    assert health.ok
    assert [check.name for check in health.checks] == ["database", "disk", "uploads"]


async def test_caches_are_cleared_by_pattern_and_tag(server: Server, admin: Somebody, ann: Somebody) -> None:
    cache = server.services.cache
    for asked, left in (({"pattern": "stats:*"}, 0), ({"tags": [f"account:{ann.principal.account_id}"]}, 1)):
        await ann.http.get("/api/stats/me")
        await admin.http.get("/api/stats/me")
        answer = await admin.http.post("/admin/cache/clear", json=asked)
        assert answer.status_code == 200, answer.text
        keys = [f"stats:{one.principal.account_id}" for one in (ann, admin)]
        assert sum(cache.peek(key) is not cache.peek("none") for key in keys) == left
    assert (await admin.http.post("/admin/cache/clear", json={})).json()["error"]["code"] == "cache.nothing-named"
    assert (await ann.http.post("/admin/cache/clear", json={"pattern": "*"})).status_code == 403


async def statistics(who: Somebody) -> MyStatistics:
    return MyStatistics.model_validate_json((await who.http.get("/api/stats/me")).content, strict=True)


async def test_statistics_are_ones_own_and_never_older_than_ones_last_write(
    server: Server, ann: Somebody, bo: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    totals = server.services.library.totals

    async def counted(*arguments: Any) -> Any:
        nonlocal looked
        looked += 1
        return await totals(*arguments)

    monkeypatch.setattr(server.services.library, "totals", counted)
    assert (await statistics(ann)).videos == 0
    for number in range(3):
        await server.video(f"a{number}.mp4", ann, Visibility.PRIVATE, b"x" * 500)
        found = await statistics(ann)
        assert (found.videos, found.bytes, found.by_verdict) == (
            number + 1,
            500 * (number + 1),
            {"pending": number + 1},
        )
    assert (await statistics(bo)).videos == 0
    before = looked
    await server.video("b.mp4", bo, Visibility.SHARED)  # not ann's: her numbers hold
    assert (await statistics(ann)).videos == 3
    assert looked == before
    [row] = (await ann.http.get("/api/videos", params={"q": "a1"})).json()["items"]
    await ann.http.delete(f"/api/videos/{row['id']}")
    assert (await statistics(ann)).videos == 2


async def test_an_export_is_the_list_line_by_line(server: Server, ann: Somebody, bo: Somebody) -> None:
    await server.video("private.mp4", bo, Visibility.PRIVATE)
    for number in range(450):
        await server.video(f"v{number:03}.mp4", None, Visibility.SHARED)
    async with ann.http.stream("GET", "/api/videos/export") as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["cache-control"] == "no-store"
        body = b"".join([piece async for piece in answer.aiter_raw()])
    lines = body.splitlines()
    rows = [VideoRow.model_validate_json(line, strict=True) for line in lines]
    assert [row.name for row in rows] == [f"v{number:03}.mp4" for number in reversed(range(450))]
    listed = (await ann.http.get("/api/videos?limit=1")).json()["items"][0]
    assert msgspec.json.decode(lines[0]) == listed
    only = await ann.http.get("/api/videos/export?q=v44")
    assert len(only.content.splitlines()) == 10
    assert (await server.client().get("/api/videos/export")).status_code == 401


async def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    limits = LimitsSettings(account=1, account_burst=5, address=1, address_burst=9)
    app = with_settings(Settings(data=tmp_path / "data", limits=limits), ui=tmp_path)
    async with app.router.lifespan_context(app):
        made = Server(app, app.state.cutroom, tmp_path)
        ann, bo = await made.person("ann", Role.EDITOR), await made.person("bo", Role.EDITOR)
        answers = [await ann.http.get("/api/videos") for _ in range(7)]  # most of them from the lane
        assert [one.status_code for one in answers] == [200] * 5 + [429] * 2
        error = answers[-1].json()["error"]
        assert error["code"] == "http.too-many-requests"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
        assert (await bo.http.get("/api/session")).status_code == 200
        # ann's and bo's come from one address, which has spent its own by now.
        assert [(await bo.http.get("/api/session")).status_code for _ in range(3)][-1] == 429
        assert (await made.client().get("/api/session")).status_code == 429
        assert (await made.client(address="192.0.2.77").get("/api/session")).status_code == 200
        for _ in range(30):
            assert (await made.client().get("/health")).status_code == 200
        assert app.state.meters.sheet().timings


async def test_a_whole_network_counts_as_one_address(tmp_path: Path) -> None:
    limits = LimitsSettings(account=0, address=1, address_burst=2)
    app = with_settings(Settings(data=tmp_path / "data", limits=limits), ui=tmp_path)
    async with app.router.lifespan_context(app):
        made = Server(app, app.state.cutroom, tmp_path)
        seen = [(await made.client(address=f"2001:db8::{n}").get("/api/session")).status_code for n in range(1, 4)]
        assert seen == [200, 200, 429]
        assert (await made.client(address="2001:db8:1::1").get("/api/session")).status_code == 200


async def test_what_caches_between_may_do_by_class_of_route(server: Server, admin: Somebody) -> None:
    """Private answers are kept by nobody between; what is personal but unchanged is asked about again."""
    video = await server.video("a.mp4", None, Visibility.SHARED)
    checked, kept = "no-store", "private, no-cache"
    expected = {
        "/api/session": checked,
        "/api/tokens": checked,
        "/api/accounts": checked,
        "/api/videos/vid_none": checked,
        "/admin/cache/stats": checked,
        "/metrics": checked,
        "/health": checked,
        "/api/videos/export": checked,
        "/api/videos": kept,
        f"/api/videos/{video}": kept,
        "/api/jobs": kept,
        "/api/clips": kept,
        "/api/stats/me": kept,
    }
    for path, control in expected.items():
        answer = await admin.http.get(path)
        assert answer.headers["cache-control"] == control, path
        if control == kept:
            assert re.fullmatch(r'"[0-9a-f]{32}"', answer.headers["etag"]), path
            assert {"accept-encoding", "authorization", "cookie"} <= set(answer.headers["vary"].lower().split(", "))
            again = await admin.http.get(path, headers={"if-none-match": answer.headers["etag"]})
            assert again.status_code == 304
            assert again.headers["etag"] == answer.headers["etag"]
            assert again.headers["cache-control"] == kept
        else:
            assert "etag" not in answer.headers, path
