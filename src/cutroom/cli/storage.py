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


@app.command()
def rule(data: Data = None) -> None:
    """Have the bucket itself remove uploads in parts that never ended, after two days. Its other rules stay.

    Example: cutroom storage rule
    """
    from cutroom.core.errors import CutroomError, ErrorKind

    async def ask(cutroom: Cutroom) -> None:
        control = getattr(cutroom.store, "control", None)
        if control is None:
            raise CutroomError(
                "storage.no-bucket",
                "Objects are kept on the local disk, which has no rules.",
                hint="Set CUTROOM_STORAGE_URL to keep them in a bucket.",
                kind=ErrorKind.CONFLICT,
            )
        await asyncio.to_thread(control.set_rule)
        typer.echo("The bucket removes unfinished uploads after two days.")

    _with_services(ask, data)


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
