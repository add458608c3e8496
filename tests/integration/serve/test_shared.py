"""Two server processes with TLS, one Redis and low limits: numbers are sums, limits are shared, Redis may go away."""

from __future__ import annotations

import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.cache.conftest import RedisServer

from .process import Served, command, environment

RATE, BURST = 20, 60


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate of localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return paths


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server: apt-get install redis-server")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def served(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shared")
    chain, key = certificate(folder)
    served = Served(
        folder / "data",
        *("--workers", "2"),
        CUTROOM_CACHE_URL=redis.url,
        CUTROOM_CACHE_PATIENCE_MS="200",
        CUTROOM_SERVER_TLS_CERTIFICATE=str(chain),
        CUTROOM_SERVER_TLS_KEY=str(key),
        CUTROOM_SERVER_METRICS_TOKEN="scrape",
        CUTROOM_LIMITS_ACCOUNT=str(RATE),
        CUTROOM_LIMITS_ACCOUNT_BURST=str(BURST),
    )
    yield served
    served.process.kill()


@pytest.fixture(scope="module")
def root(served: Served) -> httpx.Client:
    assert served.url.startswith("https://")
    return served.sign_in()


def until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def health(served: Served) -> httpx.Response:
    return httpx.get(f"{served.url}/health", verify=False, trust_env=False)


def redis_is(served: Served, ok: bool) -> bool:
    """What several answers in a row say, for each process speaks for itself."""
    answers = [health(served) for _ in range(6)]
    assert {one.status_code for one in answers} == {200}
    checks = [check for one in answers for check in one.json()["checks"] if check["name"] == "redis"]
    return {check["ok"] for check in checks} == {ok}


def counted(served: Served, route: str) -> float:
    text = httpx.get(
        f"{served.url}/metrics", headers={"authorization": "Bearer scrape"}, verify=False, trust_env=False
    ).text
    return sum(
        one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == "cutroom_http_request_seconds_count" and one.labels["route"] == route
    )


def test_a_browser_is_offered_http_2(served: Served) -> None:
    host, port = "127.0.0.1", int(served.url.rpartition(":")[2])
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((host, port)) as plain, context.wrap_socket(plain) as secure:
        assert secure.selected_alpn_protocol() == "h2"
    if shutil.which("curl") is None:
        pytest.skip("no curl: apt-get install curl")
    command = ["curl", "-sk", "--noproxy", "*", "--http2", "-w", "%{http_version} %{http_code}", "-o", "/dev/null"]
    done = subprocess.run([*command, f"{served.url}/health"], capture_output=True, text=True, check=True)
    assert done.stdout == "2 200"


def test_numbers_are_sums_over_the_processes(served: Served) -> None:
    def ask(_: int) -> int:
        return httpx.get(f"{served.url}/api/docs", verify=False, trust_env=False).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(24))) == {200}
    until(lambda: counted(served, "/api/docs") == 24)


def test_redis_may_die_hang_and_come_back(served: Served, root: httpx.Client, redis: RedisServer) -> None:
    until(lambda: redis_is(served, True))
    for stop, resume in (
        (redis.kill, redis.start),
        (lambda: redis.signal(signal.SIGSTOP), lambda: redis.signal(signal.SIGCONT)),
    ):
        stop()
        for _ in range(3):
            assert root.get("/api/stats/me", timeout=5).status_code == 200
        until(lambda: redis_is(served, False))
        resume()
        until(lambda: redis_is(served, True), 30)
    redis.command("FLUSHALL")
    assert root.get("/api/stats/me").json()["videos"] == 0


def test_a_flood_is_refused_in_both_processes_together(served: Served, root: httpx.Client) -> None:
    time.sleep(BURST / RATE)  # what was spent above comes back
    cookie = {"cookie": f"cutroom_session={root.cookies['cutroom_session']}"}
    answers: list[httpx.Response] = []
    started = time.monotonic()

    def pour(_: int) -> None:
        with httpx.Client(base_url=served.url, verify=False, trust_env=False, headers=cookie) as http:
            while time.monotonic() - started < 3.0:
                answers.append(http.get("/api/videos?limit=1"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pour, range(4)))
    spent = time.monotonic() - started
    through = sum(one.status_code == 200 for one in answers)
    refused = [one for one in answers if one.status_code == 429]
    assert len(refused) + through == len(answers)
    assert refused, "the machine is too slow to flood it"
    assert {one.json()["error"]["code"] for one in refused} == {"http.too-many-requests"}
    assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
    assert through <= 2 * BURST + RATE * spent + RATE
    assert health(served).status_code == 200


def test_a_certificate_that_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    settings = {"CUTROOM_SERVER_TLS_CERTIFICATE": "/nowhere.pem", "CUTROOM_SERVER_TLS_KEY": "/nowhere.key"}
    refused = subprocess.run(
        command("serve", "--port", "0", data=tmp_path),
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 2
    assert "server.bad-certificate" in refused.stderr
    assert "Traceback" not in refused.stderr
