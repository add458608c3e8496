"""Run a program of the system to its end, within a time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

import msgspec

_SAID = 400  # characters


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended."""

    status: int
    said: str  # the end of what it wrote to standard error, on one line


def run(words: Sequence[str], *, environment: Mapping[str, str], seconds: float) -> Done:
    """Run `words` (no shell) with `environment` added to this process's own; killed after `seconds`."""
    try:
        done = subprocess.run(
            list(words),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Done(status=-1, said=f"it took longer than {seconds:.0f} s")
    return Done(status=done.returncode, said=" ".join(done.stderr.decode("utf-8", "replace").split())[-_SAID:])
