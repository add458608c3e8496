"""What a child may use, and how it ties itself to its parent. Applied by the child to itself, before any work."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

_PR_SET_PDEATHSIG = 1


def default_memory_bytes() -> int:
    """A generous bound on address space: it stops a runaway, not a large frame.

    Each thread reserves an 8 MiB stack and up to 128 MiB of allocator arena that it never touches, and codecs
    start about one thread a core, so the bound grows with the cores.
    """
    return (8 << 30) + (os.cpu_count() or 1) * (256 << 20)


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The bounds of one child, sent to it on its command line."""

    parent: int  # process id; the child leaves when it is not its parent any more
    memory_bytes: int | None = None  # address space
    cpu_seconds: int | None = None  # over the child's whole life
    niceness: int = 0  # added to the parent's
    preload: tuple[str, ...] = ()  # modules to import while it waits for its first work


@contextmanager
def memory_within(extra_bytes: int) -> Iterator[None]:
    """Let the current process take at most `extra_bytes` of address space more than it has, inside the block.

    What goes beyond fails with ENOMEM or MemoryError. The bound of `apply` stays, whichever is lower. Does nothing
    where the system does not say how much is in use.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        yield
        return
    bound = pages * resource.getpagesize() + extra_bytes
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([bound, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def apply(limits: Limits) -> None:
    """Bind the current process to `limits` and to its parent's life."""
    _die_with_parent(limits.parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limits.memory_bytes is not None:
        _lower(resource.RLIMIT_AS, limits.memory_bytes)
    if limits.cpu_seconds is not None:
        _lower(resource.RLIMIT_CPU, limits.cpu_seconds)
    if limits.niceness:
        os.nice(limits.niceness)
        # Where the kernel groups processes by session, niceness alone counts only within one: each child is one.
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(os.nice(0)))
    # When memory runs out, the kernel should take the child and not the server or its database.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _lower(which: int, wanted: int) -> None:
    _, hard = resource.getrlimit(which)
    bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(which, (bound, bound))


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        # Fires when the parent's *thread* that started us ends, so parents start children from a lasting one.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
