from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cutroom.core.errors import CutroomError
from cutroom.media.pool import DecodePool
from cutroom.processes import groups

WORK = "cutroom.jobs.testing:"


async def failure(pool: DecodePool, function: str, **more: Any) -> CutroomError:
    with pytest.raises(CutroomError) as caught:
        await pool.run(WORK + function, more.pop("arguments", {}), **more)
    return caught.value


async def test_a_child_is_reused_and_its_answers_are_plain() -> None:
    async with DecodePool(1) as pool:
        first = await pool.run(WORK + "echo", {"name": "näme\n\"'😀"})
        second = await pool.run(WORK + "echo", {})
    assert first["name"] == "näme\n\"'😀"
    assert first["process"] == second["process"] != os.getpid()


async def test_what_the_work_prints_does_not_reach_the_pipe() -> None:
    async with DecodePool(1) as pool:
        assert await pool.run(WORK + "chatter", {"text": '{"id": 1, "done": true}\n'}) is not None
        assert await pool.run(WORK + "chatter", {"text": "x" * 200_000}) == "x" * 200_000


async def test_expected_and_unexpected_errors_are_one_sentence_and_the_child_lives() -> None:
    async with DecodePool(1) as pool:
        before = await pool.run(WORK + "echo", {})
        assert (await failure(pool, "refuse")).code == "media.damaged"
        stumbled = await failure(pool, "stumble")
        assert (stumbled.code, stumbled.message) == ("process.failed", "KeyError: 'duration'")
        full = await failure(pool, "fill_disk", arguments={"output": "/dev/full"})
        assert full.code == "storage.full"
        assert (await pool.run(WORK + "echo", {}))["process"] == before["process"]


@pytest.mark.parametrize(("function", "said"), [("crash", "SIGSEGV"), ("leave", "status 3")])
async def test_a_crash_is_told_and_the_child_replaced(function: str, said: str) -> None:
    async with DecodePool(1) as pool:
        error = await failure(pool, function)
        assert error.code == "process.crashed"
        assert said in error.message
        assert (await pool.run(WORK + "echo", {"a": 1}))["a"] == 1


async def test_running_out_of_memory_is_told() -> None:
    async with DecodePool(1, memory_bytes=512 << 20) as pool:
        assert (await failure(pool, "grow")).code == "process.out-of-memory"
        assert (await pool.run(WORK + "echo", {"a": 1}))["a"] == 1


async def test_a_deadline_kills_the_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    async with DecodePool(1) as pool:
        began = time.monotonic()
        error = await failure(pool, "spawn_and_sleep", arguments={"pids": str(pids)}, deadline_seconds=3.0)
        assert error.code == "process.timed-out"
        assert time.monotonic() - began < 6
        for pid in pids.read_text().split():
            await disappears(int(pid))


async def test_cancelling_the_waiting_task_kills_the_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    async with DecodePool(1) as pool:
        running = asyncio.create_task(pool.run(WORK + "spawn_and_sleep", {"pids": str(pids)}))
        while not pids.exists():
            await asyncio.sleep(0.02)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        for pid in pids.read_text().split():
            await disappears(int(pid))
        assert (await pool.run(WORK + "echo", {"a": 1}))["a"] == 1


async def test_closing_the_pool_ends_what_runs() -> None:
    async with DecodePool(1) as pool:
        running = asyncio.create_task(pool.run(WORK + "write_slowly", {"output": "/dev/null", "seconds": 30}))
        await asyncio.sleep(0.3)
    with pytest.raises(CutroomError) as caught:
        await running
    assert caught.value.code == "process.cancelled"


async def test_reports_are_thinned_out_but_events_are_not(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    arguments = {"output": str(tmp_path / "a"), "seconds": 0.2, "lines": 200}
    async with DecodePool(1) as pool:
        await pool.run(WORK + "write_slowly", arguments, on_progress=seen.append)
        assert 2 <= len(seen) <= 12
        seen.clear()
        await pool.run(WORK + "write_slowly", {**arguments, "events": True}, on_progress=seen.append)
    assert [progress["number"] for progress in seen] == list(range(200))


async def test_a_child_sees_no_secrets_and_no_files_of_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTROOM_DATABASE_URL", "postgresql://user:secret@host/name")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with (tmp_path / "private.txt").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        async with DecodePool(1) as pool:
            environment = await pool.run(WORK + "environment", {})
            files = await pool.run(WORK + "open_files", {})
    assert not any("secret" in value for value in environment.values())
    assert not any("private.txt" in name for name in files)
    assert not any(name.startswith("socket:") for name in files)


async def test_a_child_is_recycled() -> None:
    async with DecodePool(1, recycle_after=2) as pool:
        seen = [(await pool.run(WORK + "echo", {}))["process"] for _ in range(4)]
    assert seen[0] == seen[1] != seen[2] == seen[3]


async def test_spare_children_leave_after_a_while() -> None:
    async with DecodePool(2, idle_seconds=0.1) as pool:
        process = (await pool.run(WORK + "echo", {}))["process"]
        await disappears(process)
        assert (await pool.run(WORK + "echo", {}))["process"] != process


async def test_map_bounds_what_is_in_flight_and_goes_on_after_failures() -> None:
    taken = 0

    def items() -> Iterator[dict[str, Any]]:
        nonlocal taken
        for number in range(40):
            taken += 1
            yield {"number": number}

    seen = {}
    async with DecodePool(2) as pool:
        async for outcome in pool.map(WORK + "echo", items()):
            seen[outcome.index] = outcome
            assert taken <= len(seen) + 2 + 2 + 1
        refused = [outcome async for outcome in pool.map(WORK + "refuse", [{}, {}, {}])]
    assert {index: outcome.result["number"] for index, outcome in seen.items()} == {n: n for n in range(40)}
    assert [outcome.error.code for outcome in refused if outcome.error] == ["media.damaged"] * 3


async def test_leaving_map_early_stops_the_rest(tmp_path: Path) -> None:
    began = time.monotonic()
    async with DecodePool(2) as pool:
        slow = [{"output": str(tmp_path / str(n)), "seconds": 0.1 if n == 0 else 30} for n in range(4)]
        outcomes = pool.map(WORK + "write_slowly", slow)
        first = await anext(outcomes)
        await outcomes.aclose()
    assert first.index == 0
    assert time.monotonic() - began < 10


async def test_a_dead_parent_ends_its_children(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, sys\n"
        "from cutroom.media.pool import DecodePool\n"
        "async def main():\n"
        "    async with DecodePool(1) as pool:\n"
        "        print((await pool.run('cutroom.jobs.testing:echo', {}))['process'], flush=True)\n"
        "        await pool.run('cutroom.jobs.testing:write_slowly', {'output': '/dev/null', 'seconds': 60})\n"
        "asyncio.run(main())\n"
    )
    import subprocess
    import sys

    source = Path(groups.__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(source)}
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    await asyncio.sleep(0.2)
    parent.kill()
    parent.wait()
    await disappears(child)


async def disappears(pid: int) -> None:
    end = time.monotonic() + 2
    while groups.start_of(pid) is not None:
        assert time.monotonic() < end, f"{pid} is still there"
        await asyncio.sleep(0.01)
