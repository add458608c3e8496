"""A real server of the API alone, with footage and one of everything, for requests made up by Schemathesis."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cutroom.accounts.models import Principal, Role, Visit
from cutroom.bootstrap import container
from cutroom.bootstrap.settings import DatabaseSettings, Settings
from cutroom.library.models import FoundFile, Visibility
from tests.contract.postgres import services

SERVE = (
    "import sys; from cutroom.api.server import run; "
    "run(host='127.0.0.1', port=int(sys.argv[1]), workers=1, certificate=None, key=None, on_stop=lambda: None)"
)
DATABASE = os.environ.get("CUTROOM_TEST_DATABASE_URL", "")


@dataclass
class Running:
    """Where the server is, an administrator's token, and ids that exist."""

    url: str
    token: str
    ids: dict[str, str]
    log: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("fuzz")
    token, ids = asyncio.run(_fill(folder))
    port = services.free_port()
    environment = {**os.environ, "CUTROOM_DATA": str(folder / "data"), "CUTROOM_DATABASE_URL": DATABASE}
    log = folder / "log"
    with log.open("wb") as said:
        process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env=environment, stdout=said, stderr=said)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield Running(url, token, ids, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{url}/health/live")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")


async def _fill(folder: Path) -> tuple[str, dict[str, str]]:
    """A little of everything; nobody works off the jobs."""
    cutroom = container.build(Settings(data=folder / "data", database=DatabaseSettings(url=DATABASE)))
    await container.start(cutroom)
    visit = Visit(remote=None, user_agent=None)
    system = Principal(account_id="acc_system", name="system", role=Role.ADMINISTRATOR)
    path = folder / "a b%.mp4"
    path.write_bytes(b"x" * 1000)
    found = FoundFile(location=os.fsencode(path), size_bytes=1000, mtime_ns=path.stat().st_mtime_ns)
    async with cutroom.database.transaction() as tx:
        account = await cutroom.accounts.create(
            tx, system, visit, name="fuzz", role=Role.ADMINISTRATOR, password_hash=None
        )
        principal = Principal(account_id=account.id, name="fuzz", role=Role.ADMINISTRATOR)
        _, token = await cutroom.accounts.tokens.create(tx, principal, visit, name="fuzz", expires_in_days=None)
        added = await cutroom.library.add_reference(tx, [found], owner_id=account.id, visibility=Visibility.SHARED)
        hook = await cutroom.webhooks.create(tx, url="https://192.0.2.1/", events=["video.ready"])
    async with cutroom.database.read() as conn:
        job = (await cutroom.jobs.list(conn)).items[0]
    await cutroom.database.close()
    return token, {"video_id": added.added[0], "job_id": job.id, "hook_id": hook.id}
