"""Kill everything in the middle of a job: it is finished once, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from cutroom.jobs.models import JobState
from cutroom.processes import groups
from tests.conftest import WHOLE
from tests.faults.conftest import Room, is_alive

PATIENCE_SECONDS = 20.0  # with a machine that is busy with other things


pytestmark = pytest.mark.fault
whole = pytest.mark.skipif(not WHOLE, reason="it takes long; run: make faults")


async def start_spawned(room: Room, pids: Path) -> tuple[str, list[int]]:
    """A running job with a child and a grandchild."""
    job_id = await room.enqueue("spawn", pids=str(pids))
    while not pids.exists():
        await asyncio.sleep(0.02)
    return job_id, [int(word) for word in pids.read_text().split()]


async def gone(pids: list[int]) -> None:
    """Wait until these processes have ended by themselves; how soon is for `cutroom bench jobs` to say."""
    end = time.monotonic() + PATIENCE_SECONDS
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < end, "an orphan is still there"
        await asyncio.sleep(0.02)


@whole
async def test_a_job_runs_and_publishes_once(room: Room) -> None:
    room.supervise()
    job = await room.over(await room.enqueue("write", seconds=0.2))
    assert job.state is JobState.DONE
    assert job.progress == 1.0
    assert len(room.published_lines("vid_1")) == 1
    assert (room.published / "vid_1").read_text().count("\n") == 10
    await asyncio.sleep(0.2)
    assert list((room.scratch / "jobs").iterdir()) == []


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.4, 0.8] if WHOLE else [0.15])
async def test_a_killed_supervisor_is_succeeded(room: Room, delay: float) -> None:
    first = room.supervise()
    job_id = await room.enqueue("write", seconds=1.0)
    await room.until(job_id, lambda job: job.state is JobState.RUNNING)
    await asyncio.sleep(delay)
    children = room.children()
    first.kill()
    first.wait()
    await gone(children)
    room.supervise()
    job = await room.over(job_id)
    assert job.state is JobState.DONE
    assert job.attempts == 2
    assert len(room.published_lines("vid_1")) == 1
    assert (room.published / "vid_1").read_text().count("\n") == 10


async def test_a_killed_supervisor_leaves_no_grandchild(room: Room, tmp_path: Path) -> None:
    first = room.supervise()
    job_id, pids = await start_spawned(room, tmp_path / "pids")
    child, grandchild = pids
    first.kill()
    first.wait()
    await gone([child])
    # It does not watch its parent: when the child was killed before it could end its group, the next supervisor must.
    room.supervise()
    await gone([grandchild])
    job = await room.until(job_id, lambda job: job.attempts == 2)
    assert job.fence == 2


async def test_a_killed_child_is_tried_again(room: Room) -> None:
    room.supervise()
    job_id = await room.enqueue("write", seconds=1.0)
    await room.until(job_id, lambda job: job.stage == "writing")
    for child in room.children():
        os.kill(child, signal.SIGKILL)
    job = await room.over(job_id)
    assert job.state is JobState.DONE
    assert job.attempts == 2
    assert len(room.published_lines("vid_1")) == 1


async def test_the_end_of_the_server_ends_the_supervisor_and_gives_the_attempt_back(room: Room) -> None:
    first = room.supervise()
    job_id = await room.enqueue("write", seconds=60.0)
    await room.until(job_id, lambda job: job.stage == "writing")
    children = room.children()
    assert first.stdin is not None
    first.stdin.close()  # what the kernel does when the server is killed
    assert first.wait(timeout=PATIENCE_SECONDS) == 0
    await gone(children)
    job = await room.job(job_id)
    assert job.state is JobState.QUEUED
    assert job.attempts == 0
    assert list((room.scratch / "jobs").iterdir()) == []


async def test_a_killed_server_takes_its_supervisor_along(room: Room) -> None:
    server = room.serve()
    job_id = await room.enqueue("write", seconds=1.0)
    await room.until(job_id, lambda job: job.stage == "writing")
    children = room.children()
    server.kill()
    server.wait()
    await gone(children)
    await room.until(job_id, lambda job: job.state is JobState.QUEUED)
    room.serve()
    job = await room.over(job_id)
    assert (job.state, job.attempts) == (JobState.DONE, 1)
    assert len(room.published_lines("vid_1")) == 1


@whole
async def test_a_supervisor_that_dies_beside_a_server_comes_back(room: Room) -> None:
    room.serve()
    job_id = await room.enqueue("write", seconds=1.0)
    await room.until(job_id, lambda job: job.stage == "writing")
    (supervisor,) = supervisors(room)
    os.kill(supervisor, signal.SIGKILL)
    job = await room.over(job_id)
    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert len(room.published_lines("vid_1")) == 1


def supervisors(room: Room) -> list[int]:
    """The room's supervisors, without the servers that keep them."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and is_alive(int(entry.name)):
            command = (entry / "cmdline").read_bytes()
            if b"tests.faults.supervise" in command and str(room.scratch).encode() in command:
                found.append(int(entry.name))
    return found


async def test_sigterm_gives_the_attempt_back(room: Room) -> None:
    first = room.supervise()
    job_id = await room.enqueue("write", seconds=3.0)
    await room.until(job_id, lambda job: job.stage == "writing")
    first.terminate()
    assert first.wait(timeout=PATIENCE_SECONDS) == 0
    job = await room.job(job_id)
    assert (job.state, job.attempts, job.fence) == (JobState.QUEUED, 0, 1)


async def test_cancelling_kills_the_whole_group(room: Room, tmp_path: Path) -> None:
    room.supervise()
    job_id, pids = await start_spawned(room, tmp_path / "pids")
    async with room.database.transaction() as tx:
        await room.jobs.cancel(tx, job_id)
    await gone(pids)
    job = await room.over(job_id)
    assert job.state is JobState.CANCELLED
    assert job.error is not None
    assert job.error.code == "job.cancelled"


@whole
async def test_a_frozen_supervisor_never_publishes(room: Room) -> None:
    frozen = room.supervise(lease=1.0, locked=False)
    job_id = await room.enqueue("write", seconds=0.8)
    await room.until(job_id, lambda job: job.stage == "writing")
    os.kill(frozen.pid, signal.SIGSTOP)
    room.supervise(lease=1.0, locked=False)
    job = await room.over(job_id)
    assert job.state is JobState.DONE
    assert job.fence == 2
    os.kill(frozen.pid, signal.SIGCONT)
    await asyncio.sleep(1.5)
    assert len(room.published_lines("vid_1")) == 1
    assert (await room.job(job_id)).fence == 2
    assert frozen.poll() is None  # it goes on with other work


@whole
async def test_a_second_supervisor_waits_for_the_first(room: Room) -> None:
    first = room.supervise()
    await room.over(await room.enqueue("nothing"))
    second = room.supervise()
    while "Another supervisor holds" not in room.log.read_text():
        await asyncio.sleep(0.05)
    assert second.poll() is None
    first.terminate()
    first.wait()
    job = await room.over(await room.enqueue("nothing", "vid_2"))
    assert job.state is JobState.DONE
    assert second.poll() is None


@pytest.mark.parametrize(
    ("kind", "code", "attempts"),
    [("crash", "process.crashed", 2), ("stumble", "process.failed", 2), ("refuse", "media.damaged", 1)],
)
async def test_a_poison_job_fails_after_its_attempts(room: Room, kind: str, code: str, attempts: int) -> None:
    room.supervise()
    job = await room.over(await room.enqueue(kind))
    assert job.state is JobState.FAILED
    assert job.attempts == attempts
    assert job.error is not None
    assert job.error.code == code
    assert "Traceback" not in job.error.message


@whole
async def test_a_job_that_kills_its_supervisor_each_time_fails(room: Room) -> None:
    job_id = await room.enqueue("write", seconds=20)
    for attempt in range(1, 4):
        process = room.supervise()
        await room.until(job_id, lambda job, attempt=attempt: job.attempts == attempt)
        process.kill()
        process.wait()
    room.supervise()
    job = await room.over(job_id)
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error.code == "job.lost"


async def test_a_deadline_ends_the_work(room: Room) -> None:
    room.supervise()
    job = await room.over(await room.enqueue("late", seconds=30))
    assert job.error is not None
    assert job.error.code == "process.timed-out"
    assert room.published_lines("vid_1") == []


async def test_a_recycled_process_number_is_spared() -> None:
    me = groups.group_of(os.getpid())
    assert me is not None
    other = groups.ProcessGroup(id=me.id, started=me.started - 100)
    assert groups.reap_orphan(other) is False
