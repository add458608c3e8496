"""What only a disk can do: be full, be another file system, be written to by several."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from cutroom.core.errors import CutroomError
from cutroom.storage.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "objects")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    path.write_bytes(b"content")
    return path


def test_from_another_file_system_it_is_copied(store: LocalStore, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self == made:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    store.adopt("a/b", made)
    assert store.read_range("a/b", 0, 100) == b"content"
    assert not made.exists()
    assert [one.key for one in store.list("a")] == ["a/b"]
    assert [path.name for path in store.local_path("a").iterdir()] == ["b"]


def test_a_full_disk_is_one_sentence_and_loses_nothing(
    store: LocalStore, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(self: Path, _target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(CutroomError) as caught:
        store.adopt("a/b", made)
    assert caught.value.code == "storage.full"
    assert made.exists()
    assert store.stat("a/b") is None


def test_unfinished_files_are_no_objects(store: LocalStore, made: Path) -> None:
    store.adopt("a/b", made)
    (store.local_path("a") / ".adopting-x").write_bytes(b"half")
    assert [one.key for one in store.list("a")] == ["a/b"]


def test_folders_go_when_they_are_empty(store: LocalStore, made: Path) -> None:
    store.adopt("a/b/c", made)
    store.delete("a/b/c")
    assert not store.local_path("a").exists()
