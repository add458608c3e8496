"""Process groups, named so that a recycled process id is never mistaken for the one that was started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

MARK = "CUTROOM_CHILD"
"""Set in every child's environment, so that what it leaves behind can be told from anybody else's process."""

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")


class ProcessGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group whose leader is the process that was started in its own session."""

    id: int  # the leader's process id, which is also the group's and the session's
    started: float  # seconds since boot, as the kernel reports it: does not move when the clock is set


def boot_id() -> str:
    """What names this boot of this machine; instants since boot mean nothing in another one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        import psutil

        return f"boot-{psutil.boot_time():.0f}"


def boot_clock() -> int:
    """Microseconds since boot, suspend included where the system counts it; never set back."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000


def group_of(pid: int) -> ProcessGroup | None:
    """The group led by a living process, or None when it has gone."""
    started = start_of(pid)
    return None if started is None else ProcessGroup(id=pid, started=started)


def start_of(pid: int) -> float | None:
    """Seconds since boot at which the process started; None when there is no such process."""
    fields = _stat(pid)
    return None if fields is None else int(fields[19]) / _TICK


def kill(group_id: int) -> None:
    """SIGKILL to every process of the group; nothing happens when it is empty."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group_id, signal.SIGKILL)


def reap_orphan(group: ProcessGroup) -> bool:
    """Kill what is left of a group that an earlier process of ours started; True when something was killed.

    A leader that is alive must have started at the recorded instant. When only its descendants are left, each
    must carry our mark, because the number may have gone round.
    """
    started = start_of(group.id)
    if started is not None:
        if abs(started - group.started) > 1.5 / _TICK:
            return False
        kill(group.id)
        return True
    found = False
    for pid in _members(group.id):
        if _is_marked(pid):
            found = True
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    return found


def memory_kills() -> int:
    """How many processes the kernel has killed for want of memory since boot; 0 where it does not say."""
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third on (state first); a zombie counts as gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold anything, brackets included
    return None if fields[0] in {"Z", "X"} else fields


def _members(group_id: int) -> Iterator[int]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields is not None and int(fields[2]) == group_id and int(fields[3]) == group_id:
                yield int(entry.name)


def _is_marked(pid: int) -> bool:
    try:
        return f"{MARK}=".encode() in (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
