"""`cutroom db` as people run it, on both databases: backups that can be restored, sizes, slow statements, advice."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import POSTGRES
from tests.contract.postgres import binaries
from tests.databases import create_postgres, drop_postgres
from tests.integration.serve.process import SOURCE


def run(folder: Path, url: str, *words: str, status: int = 0) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CUTROOM_")}
    environment = {**kept, "PYTHONPATH": str(SOURCE), "CUTROOM_DATABASE_URL": url}
    command = [sys.executable, "-m", "cutroom", "db", *words, "--data", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if status == 0 else done.stderr


async def test_a_backup_can_be_restored(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    run(folder, database_url, "upgrade")
    target = tmp_path / "deep" / "copy"
    assert run(folder, database_url, "backup", "-o", str(target)).strip() == str(target)
    assert target.stat().st_mode & 0o077 == 0
    assert [path.name for path in target.parent.iterdir()] == ["copy"]
    if not database_url:
        restored = sqlite3.connect(target)
        assert restored.execute("SELECT version_num FROM alembic_version").fetchone() is not None
        assert restored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return
    url = await create_postgres(POSTGRES)
    await asyncio.to_thread(restore, target, url)
    assert json.loads(run(tmp_path / "other", url, "stats", "--format", "json"))["files"] == 0
    await drop_postgres(POSTGRES, url)


def restore(copy: Path, url: str) -> None:
    subprocess.run([binaries() / "pg_restore", "-d", url, "--no-owner", copy], check=True, capture_output=True)


def test_a_damaged_database_leaves_no_backup(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    run(folder, "", "upgrade")
    path = folder / "cutroom.db"
    with sqlite3.connect(path) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        rows = [(f"ast_{number}", number, 1) for number in range(5000)]
        conn.executemany("INSERT INTO assets (id, size_bytes, created_at) VALUES (?, ?, ?)", rows)
    with sqlite3.connect(path) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = conn.execute("SELECT pageno FROM dbstat WHERE name = 'assets' AND pagetype = 'leaf' LIMIT 1").fetchone()[
            0
        ]
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 2048)
    said = run(folder, "", "backup", "-o", str(tmp_path / "copy"), status=1)
    assert "db.backup-damaged" in said or "db.failed" in said
    assert not (tmp_path / "copy").exists()
    assert list(tmp_path.glob(".copy*")) == []


async def test_sizes_slow_statements_and_advice(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    sizes = json.loads(run(folder, database_url, "stats", "--format", "json"))["database"]
    assert {"videos", "jobs", "accounts"} <= {table["name"] for table in sizes["tables"]}
    assert "holes" in run(folder, database_url, "stats")
    assert json.loads(run(folder, database_url, "slow", "--format", "json"))["statements"] == []
    assert "Nothing was counted yet" in run(folder, database_url, "slow")
    advised = json.loads(run(folder, database_url, "advise", "--format", "json"))
    assert (advised["advice"], advised["created"]) == ([], [])


def test_without_pg_dump_the_way_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    from cutroom.core.errors import CutroomError
    from cutroom.db.backup import back_up_postgres

    with pytest.raises(CutroomError, match="pg_dump is not installed") as caught:
        back_up_postgres("postgresql://u@127.0.0.1/x", tmp_path / "copy")
    assert "apt-get install" in (caught.value.hint or "")
