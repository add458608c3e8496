"""`GET /api/videos?limit=20` and point gets over a million videos, on SQLite and PostgreSQL, cached and not.

The peers are the same route through FastAPI, pydantic and an ORM, and an ASGI application that only sends the same
bytes. All run on granian with one worker, read the same database and check the same bearer token. Compared is the
CPU of the serving processes (the job runner beside ours is left out: the peers have none). Then a fixed 2,500 requests
a second, and what wrk gets out of both where it is installed. `CUTROOM_BENCH_VIDEOS` and `CUTROOM_BENCH_SECONDS` make
it shorter.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from bench import footage, servers
from bench.harness import ROOT, Claim
from bench.servers import Server

VIDEOS = int(os.environ.get("CUTROOM_BENCH_VIDEOS", "1000000"))
SECONDS = float(os.environ.get("CUTROOM_BENCH_SECONDS", "60"))
RATE = 2500
REQUESTS = 300
LIST, POINT = "/api/videos?limit=20", f"/api/videos/vid_{VIDEOS // 2:07d}"
ORM, RAW = "FastAPI + pydantic + SQLAlchemy ORM", "raw ASGI"
AS_TWO = {"Cookie": "bench=1"}
"""Who shows two credentials is never answered from the cache lane."""

Say = Callable[[str], None]
Costs = dict[str, list[float]]


def claims(*, rounds: int, say: Say) -> list[Claim]:
    """Both databases, then the fixed rate on the first."""
    found = []
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        folder = Path(name)
        say(f"filling SQLite with {VIDEOS} videos")
        footage.into_sqlite(folder / "cutroom.db", VIDEOS)
        with servers.ours(folder) as ours:
            found += _compared("SQLite", ours, f"sqlite+aiosqlite:///{folder}/cutroom.db", folder, rounds, say)
            found += _fixed_rate(ours, say)
        with servers.postgres() as url, _database(url) as own:
            say(f"filling PostgreSQL with {VIDEOS} videos")
            footage.into_postgres(own, VIDEOS)
            with servers.ours(folder / "on-postgres", CUTROOM_DATABASE_URL=own) as ours:
                found += _compared("PostgreSQL", ours, own.replace(":", "+asyncpg:", 1), folder, rounds, say)
    return found


def _compared(database: str, ours: Server, peers_url: str, folder: Path, rounds: int, say: Say) -> list[Claim]:
    with ExitStack() as stack:
        peer = stack.enter_context(servers.granian("bench.peers.orm_list:app", BENCH_DATABASE=peers_url))
        _same_answer(ours, peer)
        etag, body = _kept(ours)
        (folder / "body").write_bytes(body)
        raw = stack.enter_context(servers.granian("bench.peers.raw:app", BENCH_BODY=str(folder / "body")))
        contenders: dict[str, tuple[Server, str, dict[str, str]]] = {
            "uncached": (ours, LIST, AS_TWO),
            "kept": (ours, LIST, {}),
            "unchanged": (ours, LIST, {"If-None-Match": etag}),
            "point uncached": (ours, POINT, AS_TWO),
            "point kept": (ours, POINT, {}),
            ORM: (peer, LIST, {}),
            RAW: (raw, LIST, {}),
        }
        costs = _measured(contenders, rounds, say)
        found = _ratios(f"{database}, {VIDEOS} videos", costs)
        return [*found, *_throughput(database, ours, raw, say)]


def _measured(contenders: dict[str, tuple[Server, str, dict[str, str]]], rounds: int, say: Say) -> Costs:
    costs: Costs = {label: [] for label in contenders}
    for server, path, headers in contenders.values():
        ask(server, path, 20, headers)
    for number in range(1, rounds + 1):
        for label, (server, path, headers) in contenders.items():
            # The kernel counts CPU in hundredths of a second: the quick ones need many.
            count = {ORM: REQUESTS // 6, "uncached": REQUESTS, "point uncached": REQUESTS}.get(label, REQUESTS * 20)
            costs[label].append(ask(server, path, count, headers) * 1e6)
            say(f"round {number}/{rounds}  {label}: {costs[label][-1]:.0f} µs CPU a request")
    return costs


def _ratios(where: str, costs: Costs) -> list[Claim]:
    return [
        _ratio(f"list of 20, uncached ({where})", costs, "uncached", ORM, 0.25),
        _ratio(f"list of 20, kept ({where})", costs, "kept", ORM, round(1 / 35, 4)),
        _ratio(f"list of 20, kept ({where})", costs, "kept", RAW, 1.2),
        _ratio(f"list of 20, unchanged: 304 ({where})", costs, "unchanged", RAW, 1.0),
        _ratio(f"one video, uncached ({where})", costs, "point uncached", ORM, None),
        _ratio(f"one video, kept ({where})", costs, "point kept", RAW, 1.2),
    ]


def _ratio(name: str, costs: Costs, mine: str, theirs: str, target: float | None) -> Claim:
    runs = [one / other for one, other in zip(costs[mine], costs[theirs], strict=True)]
    value = statistics.median(runs)
    ours, peers = statistics.median(costs[mine]), statistics.median(costs[theirs])
    return Claim(
        name=f"{name}, cpu / {theirs}",
        value=round(value, 4),
        unit="x (cpu)",
        target="" if target is None else f"<= {target}",
        held=None if target is None else value <= target,
        runs=[round(run, 4) for run in runs],
        peer=f"{theirs}, on granian",
        note=f"{ours:.0f} µs against {peers:.0f} µs a request, medians",
    )


def _fixed_rate(ours: Server, say: Say) -> list[Claim]:
    """2,500 requests a second whatever happens."""
    before = ours.cpu()
    told = fixed_rate_of(ours, SECONDS)
    cores = (ours.cpu() - before) / told["seconds"]
    say(f"{told}; {cores:.2f} cores")
    note = f"{told['rate']:.0f} a second for {told['seconds']:.0f} s, {cores:.2f} cores, worst {told['worst']} ms"
    claims = [
        (f"{RATE} requests a second: {name}", told[name], "ms", limit)
        for name, limit in (("mean", 10), ("p95", 20), ("p99", 50))
    ]
    claims.append((f"{RATE} requests a second: errors of {told['sent']}", told["errors"], "answers", 0))
    return [
        Claim(
            name=name,
            value=value,
            unit=unit,
            target=f"<= {limit}",
            held=value <= limit,
            runs=[value],
            peer="",
            note=note,
        )
        for name, value, unit, limit in claims
    ]


def fixed_rate_of(server: Server, seconds: float) -> dict[str, float]:
    """What `bench.openloop`, in a process of its own, tells of lists asked for at the fixed rate."""
    command = [sys.executable, "-m", "bench.openloop", server.port, RATE, seconds, LIST, footage.SECRET]
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _throughput(database: str, ours: Server, raw: Server, say: Say) -> list[Claim]:
    """What wrk gets out of each with 64 connections; reported, for client and server share the cores."""
    if shutil.which("wrk") is None:
        say("wrk is missing (apt-get install wrk): no throughput")
        return []
    mine, floor = _wrk(ours), _wrk(raw)
    say(f"wrk: {mine:.0f} requests a second; raw ASGI {floor:.0f}")
    return [
        Claim(
            name=f"wrk with 64 connections, kept list ({database})",
            value=round(mine),
            unit="requests/s",
            target="",
            held=None,
            runs=[round(mine)],
            peer=f"{RAW}: {floor:.0f} requests/s",
        )
    ]


def _wrk(server: Server) -> float:
    head = f"Authorization: Bearer {footage.SECRET}"
    command = ["wrk", "-t2", "-c64", "-d5s", "-H", head, f"http://127.0.0.1:{server.port}{LIST}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(found[1])


# Asking


def ask(server: Server, path: str, count: int, headers: dict[str, str]) -> float:
    """CPU seconds a request over `count` requests on one connection."""
    before = server.cpu()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        for _ in range(count):
            _one(connection, path, headers)
    return (server.cpu() - before) / count


def _one(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> bytes:
    connection.request("GET", path, headers={"Authorization": f"Bearer {footage.SECRET}", **headers})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != (304 if "If-None-Match" in headers else 200):
        raise RuntimeError(f"{answer.status}: {body[:200]!r}")
    return body


def _kept(server: Server) -> tuple[str, bytes]:
    """The validator of the list's answer, and the answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("GET", LIST, headers={"Authorization": f"Bearer {footage.SECRET}"})
        answer = connection.getresponse()
        return answer.headers["ETag"], answer.read()


def _same_answer(ours: Server, peer: Server) -> None:
    """Both must say the same, or their costs cannot be compared."""
    answers = []
    for server in (ours, peer):
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            answers.append(json.loads(_one(connection, LIST, {})))
    mine, theirs = answers
    if mine["items"] != theirs["items"]:
        raise RuntimeError("the two servers answer differently")


@contextmanager
def _database(server_url: str) -> Iterator[str]:
    """A database of our own on a PostgreSQL server."""
    import asyncio

    import asyncpg

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(server_url)
        await connection.execute(statement)
        await connection.close()

    name = f"bench_{secrets.token_hex(4)}"
    asyncio.run(run(f"CREATE DATABASE {name}"))
    try:
        yield f"{server_url.rpartition('/')[0]}/{name}"
    finally:
        asyncio.run(run(f"DROP DATABASE {name} WITH (FORCE)"))
