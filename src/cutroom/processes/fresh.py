"""How libraries that start processes with `multiprocessing` start them here."""

from __future__ import annotations

import multiprocessing
import os


def start_processes_fresh() -> None:
    """Start interpreters anew instead of forking.

    A fork would keep this process's locks and pipes open after its death: the data directory would stay locked, and
    companions that wait for the end of their standard input would wait for ever.
    """
    multiprocessing.set_start_method("spawn", force=True)


def starter() -> int:
    """The process that started this one, also when it has died meanwhile."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent is not None and parent.pid is not None else os.getppid()
