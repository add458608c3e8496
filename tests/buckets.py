"""Buckets for tests: of moto, which checks no signature, and of a real radosgw, which does."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.config import Config
from moto.core.botocore_stubber import BotocoreStubber

from cutroom.storage.s3 import S3Store
from cutroom.storage.s3_place import S3Place

ROOT = Path(__file__).parents[1]
STARTED = pytest.StashKey[tuple[subprocess.Popen[bytes], str, Path]]()


class S3:
    """A service with buckets, and its account."""

    def __init__(self, endpoint: str, access: str, secret: str) -> None:
        self.endpoint = endpoint
        self.access, self.secret = access, secret

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access,
            aws_secret_access_key=self.secret,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def bucket(self) -> str:
        """A new bucket of its own."""
        name = f"test-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=name)
        return name

    def place(self, prefix: str = "below/here") -> S3Place:
        return S3Place(bucket=self.bucket(), prefix=prefix, endpoint=self.endpoint, region="us-east-1")

    def store(self, folder: Path, *, copies_bytes: int = 1 << 30) -> S3Store:
        return S3Store(self.place(), folder=folder, copies_bytes=copies_bytes)


def pytest_collection_finish(session: pytest.Session) -> None:
    """It takes some seconds to come up: while the first tests run, when any of them needs it."""
    needed = any("radosgw" in item.nodeid or "radosgw" in getattr(item, "fixturenames", ()) for item in session.items)
    if not needed or session.config.option.collectonly or os.environ.get("CUTROOM_TEST_S3_URL"):
        return
    if not all(shutil.which(name) for name in ("radosgw", "ceph-mon", "ceph-osd", "ceph")):
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="cutroom-radosgw-"))
    log = folder.with_suffix(".log")
    with log.open("wb") as out:
        command = [sys.executable, str(ROOT / "scripts" / "radosgw"), str(folder), str(port)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    url = f"http://cutroom-test:cutroom-test-secret@127.0.0.1:{port}"
    session.config.stash[STARTED] = process, url, folder


def pytest_unconfigure(config: pytest.Config) -> None:
    started = config.stash.get(STARTED, None)
    if started is not None:
        process, _, folder = started
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def radosgw(pytestconfig: pytest.Config) -> S3:
    """The real one."""
    started = pytestconfig.stash.get(STARTED, None)
    url = os.environ.get("CUTROOM_TEST_S3_URL") or (started[1] if started else "")
    if not url:
        pytest.skip("radosgw is missing; run: apt-get install ceph-mon ceph-osd ceph-common radosgw")
    parts = urlsplit(url)
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(OSError), socket.create_connection((parts.hostname or "", parts.port or 0), 1):
            break
        if time.monotonic() > deadline or (started and started[0].poll() is not None):
            said = started[2].with_suffix(".log").read_text()[-2000:] if started else url
            pytest.fail(f"radosgw did not come up: {said}")
        time.sleep(0.2)
    return S3(f"http://{parts.hostname}:{parts.port}", parts.username or "", parts.password or "")


class _MotoRequest(BaseHTTPRequestHandler):
    """moto's own server needs Flask; its answers do not."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = HTTPHeaders.from_dict(dict(self.headers.items()))
        request = AWSPreparedRequest(self.command, f"https://s3.amazonaws.com{self.path}", headers, body, False)
        found = BotocoreStubber().process_request(request)
        assert found is not None
        status, said, content = found
        content = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        for name, value in said.items():
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, str(value))
        length = said.get("content-length", len(content)) if self.command == "HEAD" else len(content)
        self.send_header("content-length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer


@pytest.fixture(scope="session")
def moto() -> Iterator[S3]:
    """A service in this process, to which every signature is right."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _MotoRequest)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield S3(f"http://127.0.0.1:{server.server_port}", "moto", "moto")
    server.shutdown()
    server.server_close()
    serving.join()


@pytest.fixture
def as_account(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts an account's keys where AWS's own tools look for them."""

    def become(service: S3) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", service.access)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", service.secret)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    return become
