"""CPU a MiB of ranges from the media port, nginx and Starlette; ranges out of a bucket; the edge.

The three servers send the same file in ranges of 256 KiB over connections that stay open; ours checks a signature for
each. Counted is the CPU of the serving process. Buckets are radosgw's, read from this process.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

from bench.harness import ROOT, Claim

FILE_BYTES, RANGE_BYTES = 64 << 20, 256 << 10
RANGES = 2000  # 500 MiB
SMALL_BYTES, SMALL_RANGES = 64 << 10, 300
READERS = 60
TREE = "proxies/ast_bench/recipe"
NAME = f"{TREE}/720/00000.m4s"


def range_claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Every claim about ranges; those whose server is missing are left out, and that is said."""
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(_cutroom(folder))
        found = _ports(folder, served, rounds, say)
        found += _edge(folder, served, rounds, say)
    return found + _bucket(rounds, say)


# Ranges from disk


def _ports(folder: Path, served: Ours, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    with ExitStack() as stack:
        nginx = stack.enter_context(_nginx(folder, served.objects))
        starlette = stack.enter_context(_starlette(served.objects / NAME))
        contenders = {
            "cutroom": (served.media_port, served.path(NAME), served.worker),
            "nginx": (nginx[0], f"/{NAME}", nginx[1]),
            "Starlette FileResponse": (starlette[0], "/file", starlette[1]),
        }
        costs: dict[str, list[float]] = {label: [] for label in contenders}
        for port, path, _ in contenders.values():
            _read(port, path, 20)
        for number in range(1, rounds + 1):
            for label, (port, path, process) in contenders.items():
                count = RANGES if label != "Starlette FileResponse" else RANGES // 8
                before = _cpu(process)
                _read(port, path, count)
                cost = (_cpu(process) - before) / (count * RANGE_BYTES / (1 << 20)) * 1e6
                costs[label].append(cost)
                say(f"round {number}/{rounds}  {label}: {cost:.0f} µs CPU a MiB")
    return [
        _ratio("256 KiB ranges, media port", costs, "cutroom", "nginx", 1.3),
        _ratio("256 KiB ranges, media port", costs, "cutroom", "Starlette FileResponse", 0.2),
    ]


def _read(port: int, path: str, count: int) -> None:
    """Ranges one after the other over one connection; raises when an answer is not the range."""
    step = (FILE_BYTES - RANGE_BYTES) // max(1, count)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        buffer = bytearray(RANGE_BYTES + 4096)
        for number in range(count):
            start = number * step
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes={start}-{start + RANGE_BYTES - 1}\r\n\r\n"
            connection.sendall(head.encode())
            have, wanted = 0, -1
            while have != wanted:
                taken = connection.recv_into(memoryview(buffer)[have:])
                if not taken:
                    raise RuntimeError(f"the server on {port} hung up")
                have += taken
                if wanted < 0 and (end := buffer.find(b"\r\n\r\n", 0, have)) >= 0:
                    if not buffer.startswith(b"HTTP/1.1 206"):
                        raise RuntimeError(bytes(buffer[:have]).decode("latin-1"))
                    wanted = end + 4 + RANGE_BYTES


# The edge


def _edge(folder: Path, served: Ours, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    from tests.edges import nginx

    reads: list[float] = []
    purges: list[float] = []
    with nginx(folder / "edge", "nginx-edge.conf", server_port=served.port) as port:
        for number in range(1, rounds + 1):
            name = f"{TREE}/480/{number:05}.m4s"
            served.put(name, os.urandom(900 << 10))
            before = served.stats()["origin_reads"]
            with concurrent.futures.ThreadPoolExecutor(READERS) as pool:
                urls = [f"http://127.0.0.1:{port}{served.path(name)}"] * READERS
                statuses = set(pool.map(lambda url: httpx.get(url, timeout=60, trust_env=False).status_code, urls))
            if statuses != {200}:
                raise RuntimeError(f"the edge answered {statuses}")
            reads.append(served.stats()["origin_reads"] - before)
            purges.append(_purge(served, f"http://127.0.0.1:{port}", name))
            say(f"round {number}/{rounds}  edge: {reads[-1]:.0f} origin reads, purge to miss {purges[-1]:.1f} ms")
    return [
        Claim(
            name=f"origin reads of {READERS} cold readers at once",
            value=statistics.median(reads),
            unit="reads",
            target="<= 1",
            held=max(reads) <= 1,
            runs=reads,
            peer="",
        ),
        Claim(
            name="purge of a deleted object to its first miss at the edge",
            value=round(statistics.median(purges), 2),
            unit="ms",
            target="< 50",
            held=statistics.median(purges) < 50,
            runs=[round(one, 2) for one in purges],
            peer="",
            note="the invalidation's request and the read after it",
        ),
    ]


def _purge(served: Ours, edge: str, name: str) -> float:
    (served.objects / name).unlink()
    with httpx.Client(trust_env=False) as reader:
        path = served.path(name)
        if reader.get(edge + path).headers["x-cache"] != "HIT":
            raise RuntimeError("the edge does not have what it was asked for")
        started = time.perf_counter()
        served.http.post("/api/v1/cdn/invalidate", json={"paths": [f"/{name}"]}).raise_for_status()
        status = reader.get(edge + path).status_code
        spent = (time.perf_counter() - started) * 1e3
    if status != 404:
        raise RuntimeError(f"after the purge the edge answered {status}")
    return spent


# Buckets


def _bucket(rounds: int, say: Callable[[str], None]) -> list[Claim]:
    with ExitStack() as stack:
        url = os.environ.get("CUTROOM_TEST_S3_URL") or stack.enter_context(_radosgw(say))
        return _bucket_claims(url, rounds, say) if url else []


def _bucket_claims(url: str, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    parts = urlsplit(url)
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"] = parts.username or "", parts.password or ""
    import boto3
    from botocore.config import Config

    from cutroom.storage.s3 import S3Store
    from cutroom.storage.s3_place import S3Place

    place = S3Place(
        bucket=f"bench-{secrets.token_hex(4)}",
        endpoint=f"http://{parts.hostname}:{parts.port}",
        region="us-east-1",
    )
    client = boto3.client(
        "s3",
        endpoint_url=place.endpoint,
        region_name=place.region,
        config=Config(s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=place.bucket)
    client.put_object(Bucket=place.bucket, Key="a/b", Body=os.urandom(8 << 20))
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as folder:
        store = S3Store(place, folder=Path(folder), copies_bytes=1 << 30)

        def ours(start: int) -> bytes:
            return store.read_range("a/b", start, SMALL_BYTES)

        def theirs(start: int) -> bytes:
            wanted = f"bytes={start}-{start + SMALL_BYTES - 1}"
            body: bytes = client.get_object(Bucket=place.bucket, Key="a/b", Range=wanted)["Body"].read()
            return body

        costs: dict[str, list[float]] = {"cutroom": [], "boto3": []}
        for number in range(1, rounds + 1):
            for label, read in (("cutroom", ours), ("boto3", theirs)):
                read(0)
                started = time.process_time()
                for at in range(SMALL_RANGES):
                    if len(read(at * 20_000)) != SMALL_BYTES:
                        raise RuntimeError("a range came back short")
                costs[label].append((time.process_time() - started) / SMALL_RANGES * 1e6)
                say(f"round {number}/{rounds}  bucket, {label}: {costs[label][-1]:.0f} µs CPU a range")
    return [_ratio("64 KiB ranges out of a bucket", costs, "cutroom", "boto3", 0.25)]


def _ratio(name: str, costs: dict[str, list[float]], ours: str, peer: str, target: float) -> Claim:
    runs = [mine / theirs for mine, theirs in zip(costs[ours], costs[peer], strict=True)]
    value = statistics.median(runs)
    mine, theirs = statistics.median(costs[ours]), statistics.median(costs[peer])
    return Claim(
        name=name,
        value=round(value, 3),
        unit="x (cpu)",
        target=f"<= {target}",
        held=value <= target,
        runs=[round(run, 3) for run in runs],
        peer=peer,
        note=f"{mine:.0f} µs against {theirs:.0f} µs, medians",
    )


# Servers


class Ours:
    """A `cutroom serve` with a media port, and the key that its addresses are signed with."""

    def __init__(self, data: Path, port: int, media_port: int, http: httpx.Client, pid: int) -> None:
        from cutroom.db.engine import Database
        from cutroom.delivery.keys import KeyRing

        async def key() -> object:
            database = Database(f"sqlite:///{data}/cutroom.db")
            try:
                return await KeyRing(database).newest()
            finally:
                await database.close()

        self.port, self.media_port, self.http = port, media_port, http
        self.objects = data / "objects"
        self._key = asyncio.run(key())
        listening = [
            one
            for one in psutil.Process(pid).children(recursive=True)
            if any(each.laddr.port == media_port for each in one.net_connections("tcp"))
        ]
        self.worker = listening[0]

    def put(self, name: str, content: bytes) -> None:
        path = self.objects / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def path(self, name: str) -> str:
        from cutroom.delivery.signing import sign

        return f"/media/{sign(self._key, TREE, expires_at=int(time.time()) + 3600)}/{name}"  # type: ignore[arg-type]

    def stats(self) -> dict[str, int]:
        found: dict[str, int] = self.http.get("/admin/cdn/stats").raise_for_status().json()
        return found


@contextmanager
def _cutroom(folder: Path) -> Iterator[Ours]:
    from tests.integration.serve.process import Served

    data, media_port = folder / "data", _free_port()
    data.mkdir()
    settings = f'[server]\nmedia_port = {media_port}\n[cdn]\ncache_folder = "{folder}/edge/cache"\n'
    (data / "cutroom.toml").write_text(settings)
    served = Served(data)
    try:
        http = served.sign_in()
        ours = Ours(data, urlsplit(served.url).port or 0, media_port, http, served.process.pid)
        ours.put(NAME, os.urandom(FILE_BYTES))
        until = time.monotonic() + 10  # the server looks for new keys every second
        while httpx.head(f"http://127.0.0.1:{media_port}{ours.path(NAME)}", trust_env=False).status_code != 200:
            if time.monotonic() > until:
                raise RuntimeError("the media port takes no signature")
            time.sleep(0.1)
        yield ours
    finally:
        served.process.terminate()
        served.process.wait(20)


@contextmanager
def _nginx(folder: Path, root: Path) -> Iterator[tuple[int, psutil.Process]]:
    binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        raise RuntimeError("nginx is missing; run: apt-get install nginx-light")
    place, port = folder / "nginx", _free_port()
    place.mkdir()
    (place / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} worker_processes 1; daemon off; pid {place}/pid; events {{}}"
        f"http {{ access_log off; error_log {place}/error.log; sendfile on; tcp_nopush on; keepalive_requests 1000000;"
        f"client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f;"
        f"uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;"
        f"server {{ listen 127.0.0.1:{port}; root {root}; }} }}"
    )
    command = [binary, "-c", str(place / "nginx.conf"), "-e", str(place / "error.log")]
    with _started(command, port, {}) as process:
        yield port, psutil.Process(process.pid).children()[0]


@contextmanager
def _starlette(file: Path) -> Iterator[tuple[int, psutil.Process]]:
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "bench.peers.files:app"]
    with _started(command, port, {"BENCH_FILE": str(file), "PYTHONPATH": str(ROOT)}) as process:
        [worker] = [
            one for one in psutil.Process(process.pid).children() if "resource_tracker" not in str(one.cmdline())
        ]
        yield port, worker


@contextmanager
def _radosgw(say: Callable[[str], None]) -> Iterator[str]:
    if not all(shutil.which(name) for name in ("radosgw", "ceph-mon", "ceph-osd", "ceph")):
        say("radosgw is missing, so nothing is said about buckets; run: apt-get install ceph-mon ceph-osd radosgw")
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-radosgw-", ignore_cleanup_errors=True) as folder:
        port = _free_port()
        command = [sys.executable, str(ROOT / "scripts" / "radosgw"), folder, str(port)]
        with _started(command, port, {}, seconds=120):
            yield f"http://cutroom-test:cutroom-test-secret@127.0.0.1:{port}"


@contextmanager
def _started(
    command: list[str], port: int, environment: dict[str, str], *, seconds: float = 30
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    try:
        until = time.monotonic() + seconds
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} did not come up on port {port}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
