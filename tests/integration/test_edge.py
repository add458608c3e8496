"""A real nginx before a real server: signed media kept at the edge, and files sent by X-Accel-Redirect."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cutroom.db.engine import Database
from cutroom.delivery.keys import KeyRing
from cutroom.delivery.models import SigningKey
from cutroom.delivery.signing import sign
from tests.edges import nginx
from tests.integration.serve.process import Served

TREE = "proxies/ast_1/recipe"
SEGMENT = bytes(range(256)) * 12_000  # three slices
READERS = 60


@dataclass
class Edge:
    origin: str
    url: str
    http: httpx.Client  # signed in at the origin
    key: SigningKey
    objects: Path

    def put(self, name: str, content: bytes) -> str:
        path = self.objects / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return name

    def path(self, name: str, *, prefix: str = TREE, seconds: int = 600) -> str:
        return f"/media/{sign(self.key, prefix, expires_at=int(time.time()) + seconds)}/{name}"

    def read(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, trust_env=False, timeout=30)

    def stats(self) -> dict[str, int]:
        found: dict[str, int] = self.http.get("/admin/cdn/stats").json()
        return found


async def _key(data: Path) -> SigningKey:
    database = Database(f"sqlite:///{data}/cutroom.db")
    key = await KeyRing(database).newest()
    await database.close()
    return key


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    data = folder / "data"
    data.mkdir()
    (data / "cutroom.toml").write_text(f'[cdn]\nurl = "http://127.0.0.1:1"\ncache_folder = "{folder}/nginx/cache"\n')
    served = Served(data)
    http = served.sign_in()
    with nginx(folder / "nginx", "nginx-edge.conf", server_port=httpx.URL(served.url).port or 0) as port:
        key = asyncio.run(_key(data))
        yield Edge(served.url, f"http://127.0.0.1:{port}", http, key, data / "objects")
    served.process.terminate()
    served.process.wait(20)


def test_many_cold_readers_are_one_read_at_the_origin(edge: Edge) -> None:
    name = edge.put(f"{TREE}/720/00000.m4s", SEGMENT[: 900 << 10])
    before = edge.stats()
    with concurrent.futures.ThreadPoolExecutor(READERS) as pool:
        paths = [edge.path(name, seconds=600 + number) for number in range(READERS)]
        answers = list(pool.map(edge.read, paths))
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.content == SEGMENT[: 900 << 10] for answer in answers)
    after = edge.stats()
    assert after["origin_reads"] - before["origin_reads"] == 1
    assert after["verified"] - before["verified"] == READERS


def test_ranges_come_out_of_slices(edge: Edge) -> None:
    name = edge.put(f"{TREE}/720/00001.m4s", SEGMENT)
    found = edge.read(edge.path(name), range="bytes=1048000-2100000")
    assert (found.status_code, found.content) == (206, SEGMENT[1048000:2100001])
    assert edge.read(edge.path(name), range="bytes=-10").content == SEGMENT[-10:]
    assert edge.read(edge.path(name)).content == SEGMENT


def test_what_is_not_signed_well_is_refused(edge: Edge) -> None:
    name = edge.put(f"{TREE}/720/00002.m4s", b"secret")
    foreign = edge.put("proxies/ast_2/recipe/720/00000.m4s", b"foreign")
    good = edge.path(name)
    assert edge.read(good).status_code == 200
    token = good.split("/")[2]
    key_id, expiry, depth, who, mac = token.split(".")
    for changed in (
        f"{key_id}.{int(expiry, 16) + 60:08x}.{depth}.{who}.{mac}",
        f"{key_id}.{expiry}.2.{who}.{mac}",
        f"{key_id}.{expiry}.{depth}.{who}.{mac[::-1]}",
        f"00000000.{expiry}.{depth}.{who}.{mac}",
        "nothing",
    ):
        assert edge.read(f"/media/{changed}/{name}").status_code == 403, changed
    assert edge.read(f"/media/{token}/{foreign}").status_code == 403
    assert edge.read(f"/media/{token}/{TREE}/../../ast_2/recipe/720/00000.m4s").status_code == 403
    assert edge.read(edge.path(name, seconds=-1)).status_code == 403
    # What is refused is not kept as refused, and what is kept is not open to those who are refused.
    assert edge.read(good).status_code == 200


def test_a_replayed_session_is_served_by_the_edge(edge: Edge) -> None:
    names = [edge.put(f"{TREE}/480/{number:05}.m4s", SEGMENT[:5000]) for number in range(20)]
    edge.put(f"{TREE}/whole/480.m3u8", b"#EXTM3U\n")
    for _ in range(2):
        seen = [edge.read(edge.path(name)).headers["x-cache"] for name in names]
    assert seen == ["HIT"] * len(names)
    answer = edge.read(edge.path(f"{TREE}/whole/480.m3u8"))
    assert (answer.text, answer.headers["access-control-allow-origin"]) == ("#EXTM3U\n", "*")
    assert edge.stats()["hit_ratio"] > 0.4


def test_purging_what_was_deleted_is_a_miss_at_once(edge: Edge) -> None:
    name = edge.put(f"{TREE}/240/00000.m4s", SEGMENT)
    assert edge.read(edge.path(name)).headers["x-cache"] == "MISS"
    assert edge.read(edge.path(name)).headers["x-cache"] == "HIT"
    kept = edge.http.post("/api/v1/cdn/invalidate", json={"paths": [f"/{name}"]})
    assert (kept.status_code, kept.json()["error"]["code"]) == (400, "delivery.bad-path")
    (edge.objects / name).unlink()
    done = edge.http.post("/api/v1/cdn/invalidate", json={"paths": [f"/{name}"]})
    assert (done.status_code, done.json()["files"]) == (200, 3), done.text
    assert edge.read(edge.path(name)).status_code == 404


def test_keys_that_were_revoked_open_nothing(edge: Edge) -> None:
    name = edge.put(f"{TREE}/240/00009.m4s", b"x")
    assert edge.read(edge.path(name)).status_code == 200
    assert edge.http.post("/api/v1/cdn/keys", json={"revoke": True}).status_code == 200
    assert edge.read(edge.path(name)).status_code == 403


def test_nginx_sends_the_files_of_the_disk(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "cutroom.toml").write_text('[server]\naccel = "/cutroom-files/"\n')
    served = Served(data)
    try:
        http = served.sign_in()
        key = asyncio.run(_key(data))
        edge = Edge(served.url, "", http, key, data / "objects")
        name = edge.put(f"{TREE}/720/Über 1.m4s", SEGMENT)
        with nginx(tmp_path / "nginx", "nginx-local.conf", server_port=httpx.URL(served.url).port or 0) as port:
            edge.url = f"http://127.0.0.1:{port}"
            whole = edge.read(edge.path(name))
            assert (whole.status_code, whole.content) == (200, SEGMENT)
            assert "immutable" in whole.headers["cache-control"]
            assert whole.headers["content-type"] == "video/iso.segment"
            part = edge.read(edge.path(name), range="bytes=5-9")
            assert (part.status_code, part.content) == (206, SEGMENT[5:10])
            assert edge.read(f"/cutroom-files{data}/cutroom.db").status_code == 404
    finally:
        served.process.terminate()
        served.process.wait(20)
