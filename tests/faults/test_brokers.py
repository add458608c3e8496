"""The broker forgets, repeats and dies; PostgreSQL dies: jobs wait, and each is done once."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from cutroom.bootstrap.broker import Broker
from cutroom.core.errors import CutroomError
from cutroom.db.upgrade import upgrade
from cutroom.jobs.models import JobState
from tests.conftest import WHOLE
from tests.faults.houses import Cluster, RedisServer
from tests.faults.rabbit import RabbitServer, services
from tests.faults.test_jobs_survive import begun, close, drop_database, new_database, whole
from tests.local_programs import free_port

SERVERS = ["redis-with-aof", "redis-without-aof", "rabbitmq"] if WHOLE else ["redis-without-aof"]

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]


@pytest.fixture(params=SERVERS)
async def cluster(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Cluster]:
    rabbit = request.param == "rabbitmq"
    server = RabbitServer() if rabbit else RedisServer(tmp_path / "redis", aof=request.param == "redis-with-aof")
    if server.missing:
        pytest.skip(server.missing)
    url = await new_database()
    server.start()
    made = Cluster(tmp_path, url, server)
    monkeypatch.setenv("XDG_ROOM", str(made.scratch))
    await upgrade(made.database, sqlite_path=None)
    yield made
    await close(made)
    server.stop()
    await drop_database(url)


async def test_the_broker_forgets_repeats_and_dies(cluster: Cluster) -> None:
    cluster.open()
    running = await begun(cluster, "vid_run")
    ids = [running, *[await cluster.enqueue("write", f"vid_{number}", seconds=0.1) for number in range(4)]]
    for job_id in ids:
        await asyncio.to_thread(cluster.deliver, job_id, 5)
    for _ in range(3):
        await asyncio.to_thread(cluster.server.flush)
        ids.append(await cluster.enqueue("write", f"vid_{len(ids)}", seconds=0.1))
    await cluster.in_order(ids)
    await asyncio.to_thread(cluster.server.crash)
    waiting = [await cluster.enqueue("write", f"late_{number}", seconds=0.1) for number in range(3)]
    assert "cannot be reached" in (await asyncio.to_thread(Broker(cluster.server.url).problem) or "")
    await asyncio.sleep(1.0)
    assert {(await cluster.job(job_id)).state for job_id in waiting} == {JobState.QUEUED}
    await asyncio.to_thread(cluster.server.start)
    await cluster.in_order([*ids, *waiting], 120)
    assert [(await cluster.job(job_id)).attempts for job_id in waiting] == [1, 1, 1]


@whole
async def test_postgres_is_killed_in_the_middle_of_a_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = services()
    server = RedisServer(tmp_path / "redis", aof=True)
    if server.missing:
        pytest.skip(server.missing)
    try:
        postgres = programs.start_postgres()
    except programs.Missing as error:
        pytest.skip(str(error))
    server.start()
    house = Cluster(tmp_path, str(postgres["url"]), server)
    monkeypatch.setenv("XDG_ROOM", str(house.scratch))
    try:
        await upgrade(house.database, sqlite_path=None)
        house.open()
        running = await begun(house, "vid_1")
        await asyncio.to_thread(programs.crash, postgres)
        await asyncio.sleep(3.0)  # longer than the lease
        postgres = await asyncio.to_thread(programs.run_postgres, postgres)
        await _soon(lambda: house.in_order([running], 120))
        assert (await house.job(running)).state is JobState.DONE
        await house.in_order([await house.enqueue("write", "vid_2", seconds=0.1)])
    finally:
        await close(house)
        server.stop()
        programs.stop(postgres)


async def _soon(act: Callable[[], Awaitable[None]], seconds: float = 30.0) -> None:
    """Do it once the database is back: what is asked of it before fails."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                await act()
                return
            except (CutroomError, SQLAlchemyError, OSError):
                await asyncio.sleep(0.2)


@whole
async def test_flower_sees_the_workers_and_what_they_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = RedisServer(tmp_path / "redis", aof=True)
    if server.missing:
        pytest.skip(server.missing)
    url, port = await new_database(), free_port()
    server.start()
    house = Cluster(tmp_path, url, server)
    monkeypatch.setenv("XDG_ROOM", str(house.scratch))
    await upgrade(house.database, sqlite_path=None)
    words = [
        sys.executable,
        "-m",
        "celery",
        f"--broker={server.url}",
        "flower",
        "--address=127.0.0.1",
        f"--port={port}",
    ]
    environment = {**os.environ, "FLOWER_UNAUTHENTICATED_API": "true"}
    flower = await asyncio.create_subprocess_exec(*words, env=environment, cwd=tmp_path)
    try:
        await _until(f"http://127.0.0.1:{port}/api/tasks", lambda found: found == {})
        house.open()
        ids = [await house.enqueue("write", f"vid_{number}", seconds=0.1) for number in range(4)]
        await house.in_order(ids)
        found = await _until(f"http://127.0.0.1:{port}/api/tasks", lambda tasks: len(tasks) >= 4)
        assert {task["name"] for task in found.values()} == {"cutroom.job"}
        assert set(ids) <= {word for task in found.values() for word in ids if word in task["args"]}
        await _until(f"http://127.0.0.1:{port}/api/workers?refresh=1", lambda workers: len(workers) == 2)
    finally:
        flower.terminate()
        await flower.wait()
        await close(house)
        server.stop()
        await drop_database(url)


async def _until(url: str, test: Callable[[dict], bool], seconds: float = 60.0) -> dict:
    async with asyncio.timeout(seconds):
        while True:
            try:
                with await asyncio.to_thread(urllib.request.urlopen, url, timeout=20) as answer:
                    found = json.load(answer)
                if test(found):
                    return found
            except OSError:
                pass
            await asyncio.sleep(0.5)
