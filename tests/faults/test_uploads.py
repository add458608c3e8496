"""Uploads whose server is killed, whose disk is full, whose client dies: no byte is lost twice, and none is wrong."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import WHOLE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.fault

KILLS = 100 if WHOLE else 10
MOST_AGAIN = 2 << 20
HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
TUS = {"Tus-Resumable": "1.0.0"}
SIZE = 24 << 20


class Serving:
    """`serve_uploads` in a process of its own; `kill` ends the life that answers now."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.serve_uploads", str(data), str(self.port)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._lines = self._process.stdout
        self.token = self._lines.readline().strip()
        self._life = self._next_life()

    def kill(self) -> None:
        os.kill(self._life, signal.SIGKILL)
        self._life = self._next_life()

    def _next_life(self) -> int:
        while not (line := self._lines.readline()).startswith("life "):
            assert line, "it has ended"
        return int(line.removeprefix("life "))

    def end(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._lines.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Serving]:
    made = Serving(tmp_path / "data")
    yield made
    made.end()


class Client:
    """A tus client that counts what it has given to its socket, whose buffer is small."""

    def __init__(self, served: Serving) -> None:
        self.token, self.host, self.port = served.token, "127.0.0.1", served.port
        self.sent = 0

    def ask(self, method: str, path: str, **headers: str) -> http.client.HTTPResponse:
        """One request without a body, again until the server is there."""
        end = time.monotonic() + 30
        while True:
            try:
                connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
                asked = {key.replace("_", "-"): value for key, value in headers.items()}
                connection.request(method, path, headers={"Authorization": f"Bearer {self.token}", **TUS, **asked})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < end
                time.sleep(0.02)
            else:
                return answer

    def create(self, size: int) -> str:
        answer = self.ask("POST", "/api/uploads/tus", Upload_Length=str(size))
        assert answer.status == 201
        return str(answer.headers["Location"])

    def offset(self, where: str) -> int:
        answer = self.ask("HEAD", where)
        assert answer.status == 200, answer.status
        return int(answer.headers["Upload-Offset"])

    def patch(self, where: str, content: memoryview, offset: int) -> int | None:
        """Send the rest; the status, or None when the connection broke. `sent` goes on from `offset`."""
        self.sent = offset
        with closing(socket.create_connection((self.host, self.port), timeout=20)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 128 << 10)
            lines = [
                f"PATCH {where} HTTP/1.1",
                f"Host: {self.host}:{self.port}",
                f"Authorization: Bearer {self.token}",
                "Tus-Resumable: 1.0.0",
                "Content-Type: application/offset+octet-stream",
                f"Upload-Offset: {offset}",
                f"Content-Length: {len(content) - offset}",
                "",
                "",
            ]
            try:
                connection.sendall("\r\n".join(lines).encode())
                while self.sent < len(content):
                    self.sent += connection.send(content[self.sent : self.sent + (64 << 10)])
                return int(connection.recv(4096).split(b" ", 2)[1])
            except (OSError, IndexError):
                return None


def test_killed_again_and_again_the_file_is_right_and_little_is_sent_twice(served: Serving) -> None:
    client = Client(served)
    chance = random.Random(7)
    kills, again = 0, []
    while kills < KILLS:
        content = memoryview(HEAD + chance.randbytes(SIZE - len(HEAD)))
        where, known = client.create(len(content)), 0
        while known < len(content):
            target = chance.randrange(known, len(content)) if kills < KILLS and chance.random() < 0.9 else None
            client.sent = known
            killer = threading.Thread(target=kill_at, args=(served, client, target))
            if target is not None:
                kills += 1
                killer.start()
            client.patch(where, content, known)
            if target is not None:
                killer.join()
            stands = client.offset(where)
            assert known <= stands <= client.sent
            again.append(client.sent - stands)
            known = stands
        video = client.ask("HEAD", where).headers["Upload-Video"]
        assert stored(served, video) == hashlib.sha256(content).hexdigest()
    assert max(again) <= MOST_AGAIN, again
    assert list((served.data / "scratch/uploads").iterdir()) == []


def kill_at(served: Serving, client: Client, target: int) -> None:
    end = time.monotonic() + 60
    while client.sent < target and time.monotonic() < end:
        time.sleep(0.0005)
    served.kill()


def stored(served: Serving, video_id: str) -> str:
    [path] = (served.data / "objects/originals" / video_id).iterdir()
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_client_that_dies_in_the_middle_goes_on_where_it_was(served: Serving) -> None:
    client = Client(served)
    content = HEAD + random.Random(1).randbytes(5 << 20)
    where = client.create(len(content))
    with closing(socket.create_connection((client.host, client.port))) as connection:
        head = (
            f"PATCH {where} HTTP/1.1\r\nHost: {client.host}:{client.port}\r\nAuthorization: Bearer {client.token}\r\n"
            "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        connection.sendall(head.encode() + content[: 3 << 20])
        # Reset, not closed in good order.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        time.sleep(0.3)
    stands = client.offset(where)
    assert (1 << 20) <= stands <= 3 << 20
    assert client.patch(where, memoryview(content), stands) == 204
    assert stored(served, client.ask("HEAD", where).headers["Upload-Video"]) == hashlib.sha256(content).hexdigest()


def test_nobodys_bytes_are_not_stored(served: Serving) -> None:
    client = Client(served)
    where = client.create(1 << 20)
    client.token, good = "ctr_wrong", client.token
    assert client.patch(where, memoryview(HEAD + bytes((1 << 20) - len(HEAD))), 0) in (401, None)
    client.token = good
    assert client.offset(where) == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A data directory on 12 MB of memory."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small disk needs root and mount; run as root, or: apt-get install mount")
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"tmpfs cannot be mounted here ({done.stderr.decode().strip()}); run in a container with SYS_ADMIN")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk_is_said_and_the_upload_goes_on_when_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    uploads = small_disk / "uploads"
    uploads.mkdir()
    (data / "scratch").mkdir(parents=True)
    (data / "scratch/uploads").symlink_to(uploads)
    served = Serving(data)
    try:
        client = Client(served)
        content = HEAD + random.Random(2).randbytes(10 << 20)
        ballast = uploads / "ballast"
        ballast.write_bytes(bytes(6 << 20))
        where = client.create(len(content))
        assert client.patch(where, memoryview(content), 0) in (507, None)
        stands = client.offset(where)
        assert 0 < stands < len(content)
        ballast.unlink()
        assert client.patch(where, memoryview(content), stands) == 204
        video = client.ask("HEAD", where).headers["Upload-Video"]
        assert stored(served, video) == hashlib.sha256(content).hexdigest()
    finally:
        served.end()
