"""Small healthy files of many shapes, made once a session by the bench's corpus generator."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench import corpus

SHAPES = {shape.name: shape for shape in corpus.SHAPES}


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of a healthy file by the name of its shape."""
    folder = tmp_path_factory.mktemp("healthy")

    def made(name: str) -> Path:
        shape = SHAPES[name]
        path = folder / f"{name}.{shape.extension}"
        if not path.exists():
            corpus.make(shape, path, frames=40, size=(160, 96))
        return path

    return made


@pytest.fixture
def damaged(healthy: Callable[[str], Path], tmp_path: Path) -> Callable[[str, str, int], Path | None]:
    """A damaged copy of a shape: name, kind of damage, seed."""

    def made(name: str, kind: str, seed: int = 1) -> Path | None:
        source = healthy(name)
        data = corpus.damaged(source.read_bytes(), kind, seed)
        if data is None:
            return None
        path = tmp_path / f"{kind}-{seed}-{source.name}"
        path.write_bytes(data)
        return path

    return made
