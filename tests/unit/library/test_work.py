"""Hashing: the whole file, and only while it keeps still."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from xxhash import xxh3_128_hexdigest

from cutroom.core.errors import CutroomError
from cutroom.library.work import hash_file


def hash_of(path: Path, report: Any = lambda _event: None) -> Any:
    status = path.stat()
    return hash_file(report=report, path=str(path), size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)


def test_every_byte_counts(tmp_path: Path) -> None:
    content = os.urandom((9 << 20) + 7)
    path = tmp_path / "a"
    path.write_bytes(content)
    told: list[float] = []
    answer = hash_of(path, lambda event: told.append(event["fraction"]))
    assert answer.content_hash == f"xxh3-128:{xxh3_128_hexdigest(content)}"
    assert answer.size_bytes == len(content)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_file_that_is_not_what_was_queued(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    with pytest.raises(CutroomError) as caught:
        hash_file(report=lambda _event: None, path=str(path), size_bytes=8, mtime_ns=path.stat().st_mtime_ns)
    assert caught.value.code == "media.changed"


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * (9 << 20))

    def grow(_event: dict[str, Any]) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    with pytest.raises(CutroomError) as caught:
        hash_of(path, grow)
    assert caught.value.code == "media.changed"


def test_a_file_that_has_gone(tmp_path: Path) -> None:
    with pytest.raises(CutroomError) as caught:
        hash_file(report=lambda _event: None, path=str(tmp_path / "a"), size_bytes=1, mtime_ns=1)
    assert caught.value.code == "media.not-found"
