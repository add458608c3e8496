"""`cutroom worker` says in one sentence what keeps it from working."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOWHERE = "postgresql://cutroom@127.0.0.1:1/cutroom"


def run(data: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **settings}
    command = [sys.executable, "-m", "cutroom", "worker", "--data", str(data), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


@pytest.mark.parametrize(
    ("words", "settings", "said", "status"),
    [
        ((), {}, "needs a database that several processes", 2),
        (("--queues", "encode,nonsense"), {"CUTROOM_DATABASE_URL": NOWHERE}, "no queue 'nonsense'", 2),
        ((), {"CUTROOM_DATABASE_URL": NOWHERE}, "The database cannot be reached", 1),
        ((), {"CUTROOM_DATABASE_URL": NOWHERE, "CUTROOM_BROKER_URL": "redis://127.0.0.1:1"}, "cannot be reached", 1),
        ((), {"CUTROOM_DATABASE_URL": NOWHERE, "CUTROOM_BROKER_URL": "sqs://"}, "neither redis nor amqp", 2),
    ],
)
def test_what_keeps_it_from_working_is_a_sentence(
    tmp_path: Path, words: tuple[str, ...], settings: dict[str, str], said: str, status: int
) -> None:
    done = run(tmp_path, *words, **settings)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == status
