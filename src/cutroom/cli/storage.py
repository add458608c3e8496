"""`cutroom storage`: what the store holds, and cleaning it up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom

app = typer.Typer(no_args_is_help=True, help="Look into the object store, clean it up. Example: cutroom storage usage")

Data = Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")]
Format = Annotated[Literal["table", "json"], typer.Option(help="How to print.")]


@app.command()
def usage(format: Format = "table", data: Data = None) -> None:
    """Show how many objects of each kind there are and how many bytes they take.

    Example: cutroom storage usage --format json
    """

    async def look(cutroom: Cutroom) -> None:
        found = await cutroom.housekeeping.usage()
        if format == "json":
            _json({"kinds": found, "bytes": sum(one.bytes for one in found)})
            return
        for one in found:
            typer.echo(f"{one.kind:10} {one.objects:>10} objects {one.bytes / (1 << 20):>14,.1f} MiB")

    _with_services(look, data)


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    format: Format = "table",
    data: Data = None,
) -> None:
    """Remove what is too old by the settings, and objects that nothing refers to. The server does so every hour.

    Example: cutroom storage sweep --dry-run
    """

    async def clean(cutroom: Cutroom) -> None:
        expired = await cutroom.retention.apply(dry_run=dry_run)
        swept = await cutroom.housekeeping.sweep(dry_run=dry_run)
        if format == "json":
            _json({"expired": expired, "orphans": swept})
            return
        done = "Would remove" if dry_run else "Removed"
        typer.echo(f"{done} {expired.proxies} proxies and {expired.clips} clips that are too old by the settings.")
        typer.echo(f"{done} {swept.objects} objects ({swept.bytes / (1 << 20):,.1f} MiB) that nothing refers to.")
        for owner in swept.owners[:20]:
            typer.echo(f"  {owner}")
        typer.echo(f"{done} {swept.unfinished} unfinished files and uploads.")

    _with_services(clean, data)


def _json(value: dict[str, Any]) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def _with_services(work: Callable[[Cutroom], Awaitable[None]], data: Path | None) -> None:
    from cutroom.bootstrap.container import build, start
    from cutroom.bootstrap.settings import load

    async def run() -> None:
        cutroom = build(load(data))
        try:
            await start(cutroom)
            await work(cutroom)
        finally:
            await cutroom.database.close()

    asyncio.run(run())
