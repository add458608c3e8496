from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from cutroom.processes import groups
from cutroom.processes.groups import MARK, ProcessGroup


def sleeper(**environment: str) -> subprocess.Popen[bytes]:
    """A process in its own session that has started a second one and printed its id."""
    code = "import os, time; pid = os.fork(); print(pid, flush=True) if pid else None; time.sleep(60)"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **environment},
    )


def gone(pid: int) -> bool:
    end = time.monotonic() + 3
    while groups.start_of(pid) is not None:
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def second_of(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_a_group_with_its_leader_is_killed_whole() -> None:
    process = sleeper()
    second = second_of(process)
    group = groups.group_of(process.pid)
    assert group is not None
    assert groups.reap_orphan(group)
    process.wait()
    assert gone(second)
    assert not groups.reap_orphan(group)


def test_what_a_dead_leader_left_is_killed_when_it_is_ours() -> None:
    process = sleeper(**{MARK: "1"})
    second = second_of(process)
    group = groups.group_of(process.pid)
    assert group is not None
    process.kill()
    process.wait()
    assert groups.start_of(second) is not None
    assert groups.reap_orphan(group)
    assert gone(second)


def test_what_somebody_else_s_leader_left_is_spared() -> None:
    process = sleeper()
    second = second_of(process)
    group = groups.group_of(process.pid)
    assert group is not None
    process.kill()
    process.wait()
    assert not groups.reap_orphan(group)
    assert groups.start_of(second) is not None
    os.kill(second, signal.SIGKILL)


def test_a_recycled_number_is_spared() -> None:
    process = sleeper(**{MARK: "1"})
    second_of(process)
    assert not groups.reap_orphan(ProcessGroup(id=process.pid, started=1.0))
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_there_is_one_boot_and_its_clock_goes_on() -> None:
    assert groups.boot_id() == groups.boot_id()
    assert groups.boot_clock() < groups.boot_clock() + 1
    assert groups.start_of(2**22 + 1) is None


@pytest.mark.parametrize(
    "target", ["os:system", "cutroom.jobs", "cutroom.jobs.testing:_move", "cutroom:x;y", "cutroom..x:y"]
)
def test_only_our_own_functions_are_targets(target: str) -> None:
    from cutroom.core.errors import CutroomError
    from cutroom.processes.pipe import split_target

    with pytest.raises(CutroomError, match="work function"):
        split_target(target)
