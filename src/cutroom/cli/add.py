"""`cutroom add`: put footage into the library, and see it through inspection, pictures, hash and proxy."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom
    from cutroom.cli.add_watching import Watching

EXIT_FAILED = 1


def add(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, and folders with all below them.")],
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the files into the data directory instead of pointing at them.")
    ] = False,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")] = None,
) -> None:
    """Put footage into the library: by reference, unless --copy is given.

    Each file is inspected, hashed, and gets pictures and a proxy: here, or by the server when one is running.
    Whatever is interrupted goes on with the next `cutroom serve` or `cutroom add`. Exits with 1 when a path could not
    be added or a file is damaged.

    Example: cutroom add ~/footage holiday.mov
    """
    from cutroom.bootstrap import container
    from cutroom.bootstrap.settings import load
    from cutroom.cli.add_watching import Watching

    async def run() -> int:
        cutroom = container.build(load(data))
        try:
            await container.start(cutroom)
            with Watching(cutroom) as watching:
                await _take_in(cutroom, watching, paths, copy=copy)
                await _see_through(cutroom, watching)
                return EXIT_FAILED if watching.failures else 0
        finally:
            await cutroom.database.close()

    status = asyncio.run(run())
    if status:
        raise typer.Exit(status)


async def _take_in(cutroom: Cutroom, watching: Watching, paths: list[Path], *, copy: bool) -> None:
    async for batch in cutroom.library.add(paths, owner_id=None, copy=copy):
        watching.took_in(batch)


async def _see_through(cutroom: Cutroom, watching: Watching) -> None:
    """Wait until everything is done; by a server that runs, only until the verdicts are in."""
    from cutroom.processes.companion import Companion

    if not watching.waiting:
        watching.conclude()
        return
    holder = cutroom.data.holder()
    if holder is not None:
        await watching.until_inspected()
        watching.conclude()
        print(f"The server {holder.get('url', '')} goes on with the rest.".replace("  ", " "), file=sys.stderr)
        return
    log = cutroom.data.scratch / "worker.log"
    companion = await asyncio.to_thread(Companion, "cutroom.worker", ["--data", str(cutroom.data.root)], log=log)
    try:
        await watching.until_done()
    finally:
        companion.stop()
    watching.conclude()
