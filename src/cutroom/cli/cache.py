"""`cutroom cache`: what the server's caches hold and have answered, and forgetting it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from cutroom.core.errors import CutroomError

app = typer.Typer(
    no_args_is_help=True, help="Look into the server's caches, and clear them. Example: cutroom cache stats"
)

Data = Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")]


@app.command()
def stats(
    format: Annotated[Literal["table", "json"], typer.Option(help="How to print.")] = "table",
    data: Data = None,
) -> None:
    """Show what the caches of the running server hold and have answered, at most a second old.

    Example: cutroom cache stats --format json
    """
    from cutroom.bootstrap.datadir import DataDirectory
    from cutroom.bootstrap.settings import load
    from cutroom.monitoring import caches, numbers
    from cutroom.telemetry.sheets import Sheets

    sheet = numbers.added_up(Sheets(DataDirectory(load(data).data).numbers).others())
    usable = sum(one.value for one in sheet.samples if one.name == "cutroom_cache_redis_usable")
    report = caches.report(sheet, redis="usable" if usable else "not used")
    if format == "json":
        typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
        return
    typer.echo(f"{report.processes} server processes; Redis: {report.redis}, lost {report.redis_errors} times.")
    typer.echo(f"values:  {report.entries} in {report.bytes} bytes, {report.evictions} left for others")
    for group in report.groups:
        answered = f"{group.memory} memory, {group.redis} Redis, {group.stale} stale, {group.loaded} loaded"
        typer.echo(f"  {group.group or '(no prefix)':16} {answered}")
    made = f"{report.answers_made} made, {report.answers_repeated} repeated"
    typer.echo(f"answers: {report.answers} in {report.answer_bytes} bytes, {made}")


@app.command()
def clear(
    tag: Annotated[list[str] | None, typer.Option(metavar="T", help="Forget what carries it; may be repeated.")] = None,
    pattern: Annotated[str | None, typer.Option(metavar="P", help="Forget keys like this, with *, ? and […].")] = None,
    data: Data = None,
) -> None:
    """Forget cached values in Redis and in every server process: by tag, by pattern, or all of them.

    Example: cutroom cache clear --pattern 'stats:*'
    """
    from cutroom.bootstrap import container
    from cutroom.bootstrap.settings import load

    if pattern == "":
        raise CutroomError("cache.nothing-named", "An empty pattern names no key.", hint="Use '*' for all of them.")

    async def run() -> int:
        cutroom = container.build(load(data))
        try:
            await container.start(cutroom)
            async with cutroom.cache:
                everything = pattern if pattern is not None or tag else "*"
                return await cutroom.coherence.clear(pattern=everything, tags=tag or [])
        finally:
            await cutroom.database.close()

    found = asyncio.run(run())
    typer.echo(f"Told every process; {found} keys were found in Redis." if found else "Told every process.")
