"""`cutroom add`: put footage into the library, and see it through inspection, pictures, hash and proxy."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom
    from cutroom.cli.add_watching import Watching

EXIT_FAILED = 1


def add(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders with all below them, and https:// addresses.")
    ],
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the files into the data directory instead of pointing at them.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Also add what comes into these folders later, from now on.")
    ] = False,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")] = None,
) -> None:
    """Put footage into the library: by reference, unless --copy is given.

    Each file is inspected, hashed, and gets pictures and a proxy: here, or by the server when one is running.
    Whatever is interrupted goes on with the next `cutroom serve` or `cutroom add`. Exits with 1 when a path could not
    be added or a file is damaged. With --watch the server that runs watches the folders, and goes on doing so after a
    restart; without a server this command watches until Ctrl-C.

    Example: cutroom add ~/footage holiday.mov https://example.com/film.mp4
    Example: cutroom add --watch /mnt/nas/incoming
    """
    from cutroom.bootstrap import container
    from cutroom.bootstrap.settings import load
    from cutroom.cli.add_watching import Watching

    async def run() -> int:
        cutroom = container.build(load(data))
        try:
            await container.start(cutroom)
            with Watching(cutroom) as watching:
                if watch:
                    await _watch_from_now_on(cutroom, paths)
                await _take_in(cutroom, watching, paths, copy=copy)
                await _see_through(cutroom, watching, stay=watch)
                return EXIT_FAILED if watching.failures else 0
        finally:
            await cutroom.database.close()

    status = asyncio.run(run())
    if status:
        raise typer.Exit(status)


async def _take_in(cutroom: Cutroom, watching: Watching, paths: list[str], *, copy: bool) -> None:
    addresses = [path for path in paths if _is_address(path)]
    for url in addresses:
        async with cutroom.database.transaction(durable=True) as tx:
            watching.fetches(await cutroom.fetching.enqueue(tx, url, owner_id=None))
    async for batch in cutroom.library.add([path for path in paths if path not in addresses], owner_id=None, copy=copy):
        watching.took_in(batch)


async def _watch_from_now_on(cutroom: Cutroom, paths: list[str]) -> None:
    async with cutroom.database.transaction(durable=True) as tx:
        for path in paths:
            await cutroom.watched.add(tx, os.path.abspath(path), owner_id=None)  # noqa: PTH100, ASYNC240 - links stay as named


def _is_address(path: str) -> bool:
    return path.startswith(("http://", "https://"))


async def _see_through(cutroom: Cutroom, watching: Watching, *, stay: bool) -> None:
    """Wait until everything is done; by a server that runs, only until the verdicts are in."""
    from cutroom.processes.companion import Companion

    if not watching.is_waiting and not stay:
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
        watching.conclude()
        if stay:
            print("Watching. Ctrl-C stops it.", file=sys.stderr)
            await asyncio.Event().wait()
    finally:
        companion.stop()
