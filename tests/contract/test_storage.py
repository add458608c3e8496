"""One suite for every object store: what `ObjectStore` promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cutroom.core.errors import CutroomError
from cutroom.storage.local import LocalStore
from cutroom.storage.memory import MemoryStore
from cutroom.storage.port import ObjectStore
from tests.buckets import S3

Put = Callable[[str, bytes], None]


@pytest.fixture(params=["local", "memory", "moto", "radosgw"])
def store(request: pytest.FixtureRequest, tmp_path: Path, as_account: Callable[[S3], None]) -> ObjectStore:
    if request.param == "local":
        return LocalStore(tmp_path / "objects")
    if request.param == "memory":
        return MemoryStore()
    service: S3 = request.getfixturevalue(request.param)
    as_account(service)
    return service.store(tmp_path / "objects")


@pytest.fixture
def put(store: ObjectStore, tmp_path: Path) -> Put:
    def adopt(key: str, content: bytes) -> None:
        path = tmp_path / "incoming"
        path.write_bytes(content)
        store.adopt(key, path)

    return adopt


def test_adopting_moves_the_file_in(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "made.mp4"
    path.write_bytes(b"content")
    stat = store.adopt("clips/clp_1/made.mp4", path)
    assert not path.exists()
    assert (stat.key, stat.size_bytes) == ("clips/clp_1/made.mp4", 7)
    assert store.stat("clips/clp_1/made.mp4") == stat
    with store.open("clips/clp_1/made.mp4") as file:
        assert file.read() == b"content"


def test_adopting_again_replaces(store: ObjectStore, put: Put) -> None:
    put("a/b", b"old and longer")
    put("a/b", b"new")
    assert store.read_range("a/b", 0, 100) == b"new"


def test_adopting_what_is_not_there(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(CutroomError, match="There is no object") as caught:
        store.adopt("a/b", tmp_path / "missing")
    assert caught.value.code == "storage.not-found"
    assert store.stat("a/b") is None


def test_ranges(store: ObjectStore, put: Put) -> None:
    put("a/b", b"0123456789")
    assert store.read_range("a/b", 2, 3) == b"234"
    assert store.read_range("a/b", 8, 100) == b"89"
    assert store.read_range("a/b", 100, 1) == b""


@pytest.mark.parametrize("key", ["a/missing", "a/b/below-a-file", "a"])
def test_what_is_no_object(store: ObjectStore, put: Put, key: str) -> None:
    put("a/b", b"x")
    assert store.stat(key) is None
    with pytest.raises(CutroomError) as caught:
        store.open(key)
    assert caught.value.code == "storage.not-found"
    store.delete(key)
    assert store.stat("a/b") is not None


def test_deleting(store: ObjectStore, put: Put) -> None:
    put("a/b", b"x")
    put("a/c", b"x")
    store.delete("a/b")
    store.delete("a/b")
    assert store.stat("a/b") is None
    assert store.stat("a/c") is not None


def test_deleting_a_folder_spares_names_that_only_begin_alike(store: ObjectStore, put: Put) -> None:
    for key in ("p/one/1", "p/one/deep/2", "p/one-more/3", "p/two/4"):
        put(key, b"x")
    assert store.delete_prefix("p/one") == 2
    assert store.delete_prefix("p/one") == 0
    assert [one.key for one in store.list("p")] == ["p/one-more/3", "p/two/4"]


def test_listing_is_ordered_and_below_a_folder(store: ObjectStore, put: Put) -> None:
    for key in ("v/b/10", "v/a/2", "v/a/1", "other"):
        put(key, key.encode())
    assert [(one.key, one.size_bytes) for one in store.list("v")] == [("v/a/1", 5), ("v/a/2", 5), ("v/b/10", 6)]
    assert list(store.list("nothing")) == []


def test_workers_read_and_write_below_a_local_path(store: ObjectStore, put: Put) -> None:
    put("proxies/ast_1/r/720/init.mp4", b"init")
    folder = store.local_path("proxies/ast_1/r")
    assert (folder / "720/init.mp4").read_bytes() == b"init"
    (folder / "720/00000.m4s").write_bytes(b"segment")
    assert store.read_range("proxies/ast_1/r/720/00000.m4s", 0, 100) == b"segment"
    assert store.delete_prefix("proxies/ast_1") == 2
    assert not (folder / "720/00000.m4s").exists()


def test_the_first_writer_of_a_name_wins(store: ObjectStore) -> None:
    assert store.put_once("a/b", b"first")
    assert not store.put_once("a/b", b"second")
    assert store.read_range("a/b", 0, 100) == b"first"


def test_fetching_brings_objects_to_their_local_paths(store: ObjectStore, put: Put) -> None:
    put("a/b", b"x")
    put("a/deep/c", b"y")
    assert store.fetch("a/b").read_bytes() == b"x"
    assert (store.fetch("a") / "deep/c").read_bytes() == b"y"
    assert store.key_at(store.local_path("a/deep/c")) == "a/deep/c"
    assert store.key_at(Path("/somewhere/else")) is None
    with pytest.raises(CutroomError) as caught:
        store.fetch("a/missing")
    assert caught.value.code == "storage.not-found"


def test_keeping_what_a_worker_wrote(store: ObjectStore) -> None:
    folder = store.local_path("proxies/ast_1/r")
    (folder / "720").mkdir(parents=True)
    (folder / "720/00000.m4s").write_bytes(b"segment")
    (folder / "master.m3u8").write_bytes(b"grows")
    store.keep("proxies/ast_1/r")
    (folder / "aside").write_bytes(b"grows on")
    (folder / "aside").replace(folder / "master.m3u8")
    store.keep("proxies/ast_1/r")
    assert store.keep("proxies/ast_1/r") == 0
    assert store.read_range("proxies/ast_1/r/master.m3u8", 0, 100) == b"grows on"
    found = [(one.key, one.size_bytes) for one in store.list("proxies")]
    assert found == [("proxies/ast_1/r/720/00000.m4s", 7), ("proxies/ast_1/r/master.m3u8", 8)]


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "a/../b", "..", "a//b", "a/", "./a", "a\\b", "a\nb", "a\x00b", "x" * 256, "a/" * 600 + "a"],
)
def test_keys_that_lead_elsewhere(store: ObjectStore, tmp_path: Path, key: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    for use in (
        lambda: store.adopt(key, path),
        lambda: store.put_once(key, b"x"),
        lambda: store.local_path(key),
        lambda: store.fetch(key),
        lambda: store.keep(key),
        lambda: store.open(key),
        lambda: store.read_range(key, 0, 1),
        lambda: store.stat(key),
        lambda: store.delete(key),
        lambda: store.delete_prefix(key),
        lambda: list(store.list(key)),
    ):
        with pytest.raises(CutroomError) as caught:
            use()
        assert caught.value.code == "storage.bad-key"
    assert path.exists()


def test_names_of_any_language(store: ObjectStore, put: Put) -> None:
    key = "originals/vid_1/Übung “1” 🎬 it's.mp4"
    put(key, b"x")
    assert [one.key for one in store.list("originals")] == [key]
