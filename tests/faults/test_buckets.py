"""A bucket that refuses, is slow, breaks off in the middle, and a store that is killed or finds its disk full."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from cutroom.core.errors import CutroomError
from cutroom.storage import s3 as s3_module
from cutroom.storage.s3 import S3Store
from cutroom.storage.s3_control import Control
from cutroom.storage.s3_place import S3Place
from tests.buckets import ROOT, S3
from tests.conftest import WHOLE

MIB = 1 << 20
KILLS = 10 if WHOLE else 2


class Between:
    """A connection for each that is made here; `refuse(request line)` breaks those it does not like."""

    def __init__(self, target: str) -> None:
        self.refuse: Callable[[bytes], bool] = lambda _: False
        self.delay = 0.0
        self.seen: list[bytes] = []
        self._target = int(target.rpartition(":")[2])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()
            try:
                while data := client.recv(MIB):
                    if data.startswith((b"PUT", b"GET", b"HEAD", b"POST", b"DELETE")):
                        line = data.split(b"\r\n", 1)[0]
                        self.seen.append(line)
                        if self.refuse(line):
                            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                            return
                        time.sleep(self.delay)
                    server.sendall(data)
            except OSError:
                return

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while data := server.recv(MIB):
                client.sendall(data)
        except OSError:
            return


@pytest.fixture
def between(radosgw: S3, as_account: Callable[[S3], None]) -> Iterator[Between]:
    as_account(radosgw)
    made = Between(radosgw.endpoint)
    yield made
    made.close()


@pytest.fixture
def place(radosgw: S3, between: Between) -> S3Place:
    return msgspec.structs.replace(radosgw.place(), endpoint=between.url)


@pytest.fixture
def store(place: S3Place, tmp_path: Path) -> S3Store:
    return S3Store(place, folder=tmp_path / "copies", copies_bytes=100 * MIB)


def file_of(tmp_path: Path, size: int) -> Path:
    path = tmp_path / "incoming"
    path.write_bytes(os.urandom(MIB) * (size // MIB))
    return path


def test_an_upload_that_breaks_off_leaves_neither_object_nor_parts(
    store: S3Store, place: S3Place, between: Between, tmp_path: Path
) -> None:
    path = file_of(tmp_path, 48 * MIB)
    between.refuse = lambda line: b"partNumber=2" in line
    with pytest.raises(CutroomError) as caught:
        store.adopt("originals/v/a.mov", path)
    assert caught.value.code == "storage.unreachable"
    assert path.exists()
    assert store.stat("originals/v/a.mov") is None
    assert list(Control(place).strays(older_than=timedelta(0))) == []

    between.refuse = lambda _: False
    assert store.adopt("originals/v/a.mov", path).size_bytes == 48 * MIB


def test_a_bucket_that_is_away_is_one_sentence_and_works_again(
    store: S3Store, between: Between, tmp_path: Path
) -> None:
    path = file_of(tmp_path, MIB)
    between.refuse = lambda _: True
    for use in (lambda: store.adopt("a/b", path), lambda: store.stat("a/b"), lambda: store.fetch("a/b")):
        with pytest.raises(CutroomError) as caught:
            use()
        assert caught.value.code == "storage.unreachable"
        assert between.url not in caught.value.message
    between.refuse = lambda _: False
    store.adopt("a/b", path)
    assert store.stat("a/b") is not None


def test_a_bucket_that_hangs_is_given_up(store: S3Store, between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(s3_module._CLIENT, "timeout", "300ms")
    between.delay = 2.0
    started = time.monotonic()
    with pytest.raises(CutroomError) as caught:
        store.stat("a/b")
    assert caught.value.code == "storage.unreachable"
    assert time.monotonic() - started < 60


def test_a_download_that_breaks_off_leaves_no_half_copy(store: S3Store, between: Between, tmp_path: Path) -> None:
    store.adopt("originals/v/a.mov", file_of(tmp_path, 40 * MIB))
    copy = store.local_path("originals/v/a.mov")
    copy.unlink()
    between.refuse = lambda line: line.startswith(b"GET")
    with pytest.raises(CutroomError):
        store.fetch("originals/v/a.mov")
    assert list(copy.parent.iterdir()) == []
    between.refuse = lambda _: False
    assert store.fetch("originals/v/a.mov").stat().st_size == 40 * MIB


@pytest.mark.parametrize("after", [0.05 * (number + 1) for number in range(KILLS)])
def test_killed_while_it_publishes(place: S3Place, tmp_path: Path, after: float) -> None:
    """The object is there whole or not at all, and what is left in the bucket is swept."""
    path = file_of(tmp_path, 96 * MIB)
    program = (
        "import sys, msgspec; from pathlib import Path; from cutroom.storage.s3 import S3Store;"
        "from cutroom.storage.s3_place import S3Place;"
        "place = msgspec.json.decode(sys.argv[1], type=S3Place);"
        "store = S3Store(place, folder=Path(sys.argv[2]), copies_bytes=1 << 30);"
        "store.stat('x'); print('begins', flush=True); store.adopt('originals/v/a.mov', Path(sys.argv[3]))"
    )
    arguments = [msgspec.json.encode(place).decode(), str(tmp_path / "copies"), str(path)]
    child = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"begins\n"
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    store = S3Store(place, folder=tmp_path / "copies", copies_bytes=100 * MIB)
    found = store.stat("originals/v/a.mov")
    assert found is None or found.size_bytes == 96 * MIB
    store.sweep_unfinished(older_than_seconds=0, dry_run=False)
    assert list(Control(place).strays(older_than=timedelta(0))) == []
    if path.exists():
        assert store.adopt("originals/v/a.mov", path).size_bytes == 96 * MIB


def test_a_full_disk_under_the_copies(store: S3Store, place: S3Place, tmp_path: Path) -> None:
    store.adopt("originals/v/a.mov", file_of(tmp_path, 16 * MIB))
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk; run the tests as root, or in a container with CAP_SYS_ADMIN")
    try:
        full = S3Store(place, folder=small, copies_bytes=100 * MIB)
        with pytest.raises(CutroomError) as caught:
            full.fetch("originals/v/a.mov")
        assert caught.value.code == "storage.full"
        assert [path for path in small.rglob("*") if path.is_file()] == []
        assert full.read_range("originals/v/a.mov", 5, 10) == store.read_range("originals/v/a.mov", 5, 10)
    finally:
        subprocess.run(["umount", str(small)], check=True)
