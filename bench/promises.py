"""What the product promises in plain numbers, measured on a started server with footage of a minute of 1080p.

The requests go over loopback to `cutroom serve` with its job runner, as a person's would.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import footage, servers
from bench.harness import Claim, cutroom, run
from bench.media import footage as minute_of_1080p
from bench.servers import Server
from bench.serving import fixed_rate_of

Say = Callable[[str], None]
FILES = 1000
SECONDS = float(os.environ.get("CUTROOM_BENCH_SECONDS", "60"))


def claims(*, rounds: int, say: Say) -> list[Claim]:
    """Each promise in turn; `rounds` repeats what takes seconds, not what takes minutes."""
    minute = minute_of_1080p(say)
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        folder = Path(name)
        footage.into_sqlite(folder / "cutroom.db", 10_000)
        with servers.ours(folder) as server:
            found = [
                _lists(server, say),
                _uploads(server, minute, rounds, say),
                *_proxy_and_clip(server, minute, folder, rounds, say),
            ]
            _until_quiet(server)
            found += _rate(server, say)
        found.append(_inspection(minute, folder, say))
    with servers.redis() as url:
        found += asyncio.run(_session(url, say))
    return found


def _lists(server: Server, say: Say) -> Claim:
    runs = []
    for number in range(60):
        started = time.perf_counter()
        _ask(server, f"/api/videos?limit=20&q=take {number}".replace(" ", "%20"))  # a new question each time
        runs.append((time.perf_counter() - started) * 1000)
    say(f"lists: {statistics.median(runs):.1f} ms, worst {max(runs):.1f} ms")
    return _promise("a list of 20 of 10,000, never asked before, worst of 60", [max(runs)], "ms", 200)


def _uploads(server: Server, minute: Path, rounds: int, say: Say) -> Claim:
    runs = []
    for number in range(rounds):
        with minute.open("rb") as file:  # begins like footage, or it would be refused; every time something else
            data = file.read(9_999_992) + number.to_bytes(8, "big")
        started = time.perf_counter()
        _ask(server, f"/api/uploads?name=bench-{number}.mp4", data=data, kind="application/octet-stream")
        runs.append(time.perf_counter() - started)
        say(f"upload of 10 MB: {runs[-1]:.2f} s")
    return _promise("an upload of 10 MB, until it is in the library", runs, "s", 5)


def _proxy_and_clip(server: Server, minute: Path, folder: Path, rounds: int, say: Say) -> list[Claim]:
    """The minute is added by reference; its ladder is ready when the list says so."""
    proxies, clips = [], []
    for number in range(rounds):
        source = folder / f"minute-{number}.mp4"
        shutil.copyfile(minute, source)
        with source.open("ab") as file:  # other contents, or the ladder of the first round would be found again
            file.write(b"\x00\x00\x00\x10free" + number.to_bytes(8, "big"))
        started = time.perf_counter()
        [video] = _ask(server, "/api/videos", {"paths": [str(source)]})["added"]
        _until(server, f"/api/videos/{video}", lambda one: one["proxy_state"] in ("ready", "failed"), "proxy_state")
        proxies.append(time.perf_counter() - started)
        say(f"proxies of a minute of 1080p: {proxies[-1]:.1f} s")
        _until_quiet(server)
        started = time.perf_counter()
        clip = _ask(server, "/api/clips", {"video_id": video, "in_frame": 301, "out_frame": 601})["id"]
        _until(server, f"/api/clips/{clip}", lambda one: one["state"] != "queued", "state")
        clips.append(time.perf_counter() - started)
        say(f"a clip of ten seconds: {clips[-1]:.2f} s")
    return [
        _promise("proxies of a minute of 1080p, from adding it to the last segment", proxies, "s", 30),
        _promise("a clip of ten seconds, exact to the frame", clips, "s", 3),
    ]


def _rate(server: Server, say: Say) -> list[Claim]:
    told = fixed_rate_of(server, SECONDS)
    say(str(told))
    share = told["errors"] / told["sent"] * 100
    found = [
        _promise(f"2,500 requests a second: {name}", [told[name]], "ms", limit)
        for name, limit in (("mean", 85), ("p95", 150), ("p99", 300))
    ]
    return [*found, _promise(f"2,500 requests a second: errors of {told['sent']}", [share], "%", 0.02)]


def _inspection(minute: Path, folder: Path, say: Say) -> Claim:
    """A thousand different files of two seconds each."""
    many, short = folder / "many", folder / "short.mp4"
    many.mkdir()
    run(cutroom("clip", minute, "--in", "10", "--out", "12", "--mode", "copy", "-o", short))
    whole = short.read_bytes()
    for number in range(FILES):
        (many / f"{number:04}.mp4").write_bytes(whole + b"\x00\x00\x00\x10free" + number.to_bytes(8, "big"))
    started = time.perf_counter()
    words = [str(word) for word in cutroom("inspect", many, "--no-database", "--format", "jsonl")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    spent = time.perf_counter() - started
    seen = len(done.stdout.splitlines())
    if seen != FILES:
        raise RuntimeError(f"{seen} of {FILES} files were inspected: {done.stderr[-400:]}")
    say(f"{FILES} files inspected in {spent:.0f} s")
    value = FILES / spent
    return Claim(
        name=f"{FILES} files of 2 s of 1080p inspected, standard",
        value=round(value, 1),
        unit="files/s",
        target=">= 10",
        held=value >= 10,
        runs=[round(value, 1)],
        peer="",
    )


# A replayed session


async def _session(url: str, say: Say) -> list[Claim]:
    """Two processes' caches on one Redis; people look at videos, the newest most, and change one in two hundred."""
    from cutroom.cache import Plan, TieredCache

    chance, steps = random.Random(11), 30_000
    weights = [1 / rank for rank in range(1, 5001)]
    asked = chance.choices(range(5000), weights, k=steps)
    async with (
        TieredCache(redis_url=url, max_bytes=1 << 20, redis_seconds=2.0) as one,
        TieredCache(redis_url=url, max_bytes=1 << 20, redis_seconds=2.0) as two,
    ):

        async def load() -> dict[str, Any]:
            return {"name": "take", "findings": ["x" * 100] * 3}

        for number in asked:
            cache = chance.choice((one, two))
            await cache.get_or_load(f"video:{number}", load, Plan(ttl=300, tags=(f"video:{number}",)))
            if chance.random() < 1 / 200:
                await cache.invalidate(f"video:{number}")
        groups = [cache.stats().groups["video"] for cache in (one, two)]
    memory, redis = sum(group.hits for group in groups), sum(group.shared_hits for group in groups)
    loads = sum(group.loads for group in groups)
    in_memory, in_redis = memory / steps * 100, redis / (redis + loads) * 100
    say(f"replayed session: {in_memory:.1f} % from memory, {in_redis:.1f} % of the rest from Redis, {loads} loads")
    return [
        _reported(
            "replayed session of 30,000 lookups: answered from memory", in_memory, "room for some 1,300 of 5,000"
        ),
        _reported("replayed session: answered by Redis, of what memory missed", in_redis, f"{loads} loads"),
    ]


# Asking


def _ask(
    server: Server, path: str, body: Any = None, *, data: bytes | None = None, kind: str = "application/json"
) -> Any:
    sent = data if data is not None else None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {footage.SECRET}", "Content-Type": kind}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", sent, headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.loads(answer.read())


def _until(server: Server, path: str, over: Callable[[Any], bool], field: str, seconds: float = 600.0) -> None:
    deadline = time.monotonic() + seconds
    while not over(found := _ask(server, path)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{path} is not done after {seconds:.0f} s: {found[field]}")
        time.sleep(0.05)
    if found[field] in ("failed", "cancelled"):
        raise RuntimeError(f"{path}: {found}")


def _until_quiet(server: Server, seconds: float = 600.0) -> None:
    """Until no job waits or runs, so that one promise is not measured under another's work."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        counts = _ask(server, "/api/jobs?limit=1")["counts"]
        if not counts["queued"] + counts["running"]:
            return
        time.sleep(0.2)


def _promise(name: str, runs: list[float], unit: str, target: float) -> Claim:
    value = statistics.median(runs)
    return Claim(
        name=name,
        value=round(value, 3),
        unit=unit,
        target=f"<= {target}",
        held=value <= target,
        runs=[round(each, 3) for each in runs],
        peer="",
    )


def _reported(name: str, value: float, note: str) -> Claim:
    return Claim(
        name=name, value=round(value, 1), unit="%", target="", held=None, runs=[round(value, 1)], peer="", note=note
    )
