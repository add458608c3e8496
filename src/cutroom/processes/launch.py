"""Start a Python process of ours: bounded children, and the companions of a command such as the supervisor."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

import cutroom
from cutroom.processes.groups import MARK
from cutroom.processes.limits import Limits

_INHERITED = {
    "PATH",
    "HOME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "CUDA_VISIBLE_DEVICES",
}


_ahead: list[tuple[Limits, subprocess.Popen[bytes]]] = []  # started before anybody asked


def start_ahead(limits: Limits) -> None:
    """Start a child now that the next `start_child` with these bounds hands out, whatever either preloads."""
    _ahead.append((limits, _start(limits)))


def start_child(limits: Limits) -> subprocess.Popen[bytes]:
    """Start a bounded child in its own session, with pipes on all three ends.

    Call it from a thread that outlives the child: on Linux the child dies with the thread that started it.
    """
    for entry in _ahead:
        if msgspec.structs.replace(entry[0], preload=limits.preload) == limits:
            _ahead.remove(entry)
            return entry[1]
    return _start(limits)


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_python(), "-m", "cutroom.processes.child", msgspec.json.encode(limits).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=child_environment(os.environ),
    )


def start_module(module: str, arguments: Sequence[str], *, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start `python -m MODULE ARGUMENTS` in its own session, its standard input a pipe that ends with this process.

    The module watches its standard input: its end means that this process has gone. What it prints goes to `log`
    (appended), or to this process's own standard error.
    """
    output = log.open("ab") if log is not None else None
    try:
        return subprocess.Popen(
            [*_python(), "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=output if output is not None else sys.stderr.fileno(),
            stderr=output if output is not None else None,
            start_new_session=True,
            env={**os.environ, **_python_path(os.environ)},
        )
    finally:
        if output is not None:
            output.close()


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a child may see: no settings and no secrets, because it reads files that strangers made."""
    kept = {
        name: value
        for name, value in environment.items()
        if name in _INHERITED or name.startswith(("LC_", "PYTHON", "XDG_"))
    }
    return {**kept, **_python_path(environment), MARK: "1"}


def _python() -> list[str]:
    # -P keeps the working directory off the module path: it may be a folder of somebody's footage.
    return [sys.executable, "-P"]


def _python_path(environment: Mapping[str, str]) -> dict[str, str]:
    """Make the child run the same source tree as this process, installed or not."""
    root = Path(cutroom.__file__).parent.parent
    if root.name in {"site-packages", "dist-packages"}:
        return {}
    others = environment.get("PYTHONPATH")
    return {"PYTHONPATH": f"{root}{os.pathsep}{others}" if others else str(root)}
