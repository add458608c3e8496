"""`cutroom worker`: do jobs on any machine that shares the database and the storage with the server."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer


def worker(
    queues: Annotated[
        str, typer.Option(metavar="NAMES", help="Queues to work, with commas; none named: all of them.")
    ] = "",
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=256, help="Jobs at once; not given: one for each two cores.")
    ] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="This worker's data directory.")] = None,
) -> None:
    """Do jobs of a server on this or another machine, until SIGTERM or Ctrl-C.

    CUTROOM_DATABASE_URL, CUTROOM_BROKER_URL and CUTROOM_STORAGE_ROOT say where the server's database, broker and
    objects are. What runs when the worker leaves is given back, and its attempt does not count.

    Example: cutroom worker --queues encode,inspect --concurrency 2
    """
    from cutroom.bootstrap.settings import load
    from cutroom.worker.main import join

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    join(load(data), [name.strip() for name in queues.split(",") if name.strip()], concurrency)
