"""The data directory: its layout, and one server in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cutroom.bootstrap.datadir import DataDirectory
from cutroom.core.errors import CutroomError


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "new" / "data")
    made.create()
    return made


def test_it_is_made_for_its_owner_only(data: DataDirectory) -> None:
    data.create()
    assert sorted(path.name for path in data.root.iterdir()) == ["backups", "objects", "scratch"]
    assert data.root.stat().st_mode & 0o077 == 0


def test_one_server_at_a_time(data: DataDirectory) -> None:
    assert data.holder() is None
    with data.locked(url="http://127.0.0.1:8400"):
        assert data.holder() == {"process": os.getpid(), "url": "http://127.0.0.1:8400"}
        with pytest.raises(CutroomError) as caught, data.locked():
            pass
        assert caught.value.code == "data.locked"
        assert str(os.getpid()) in caught.value.message
    assert data.holder() is None
    with data.locked():
        assert data.holder() == {"process": os.getpid()}


def test_a_place_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CutroomError) as caught:
        DataDirectory(tmp_path / "file" / "data").create()
    assert caught.value.code == "data.not-writable"


def test_what_died_long_ago_is_swept_away(data: DataDirectory) -> None:
    (data.scratch / "uploads").mkdir()
    stale, fresh = data.scratch / "uploads/vid_1.part", data.scratch / "vid_2.part"
    for path in (stale, fresh):
        path.write_bytes(b"half")
    os.utime(stale, (0, 0))
    data.sweep()
    assert not stale.exists()
    assert fresh.exists()
