"""`cutroom db`: back up the database, say what is in it, and clear up old inspections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

if TYPE_CHECKING:
    from cutroom.inspection.scan_history import ScanHistory

app = typer.Typer(no_args_is_help=True, help="Back up the database, look into it, clear up. Example: cutroom db backup")

Data = Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")]
Format = Annotated[Literal["table", "json"], typer.Option(help="How to print.")]


@app.command()
def backup(data: Data = None) -> None:
    """Copy the SQLite database, whole and while it is in use, to the data directory's backups folder.

    Example: cutroom db backup
    """
    from cutroom.bootstrap.scanning import back_up
    from cutroom.bootstrap.settings import load

    typer.echo(str(back_up(load(data))))


@app.command()
def stats(
    format: Format = "table",
    scans: Annotated[int, typer.Option(min=1, max=1000, help="So many of the newest scans.")] = 10,
    data: Data = None,
) -> None:
    """Show how many inspected files have which status, and the trend over the newest scans.

    Example: cutroom db stats --format json
    """

    async def look(history: ScanHistory) -> None:
        numbers, trend = await history.statistics(), await history.trend(limit=scans)
        if format == "json":
            document = {**numbers, "scans": trend}
            typer.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
            return
        typer.echo(f"{numbers['files']} files inspected, {numbers['results']} results kept: {_counts(numbers)}.")
        for scan in trend:
            head = f"{scan.started_at[:19]}Z  {scan.state:9}  {scan.mode:8}  {scan.files:>8} files"
            typer.echo(f"{head}  {scan.kept:>8} unchanged  {_counts({'statuses': scan.statuses})}")

    _with_history(look, data)


@app.command()
def tidy(
    keep: Annotated[int, typer.Option(min=1, help="Results that stay for each file.")] = 10,
    older_than_days: Annotated[float | None, typer.Option(min=0, help="Delete only what is older.")] = None,
    data: Data = None,
) -> None:
    """Delete old inspection results; each file keeps its newest ones and the checksum bit rot is seen by.

    Example: cutroom db tidy --keep 3 --older-than-days 90
    """

    async def act(history: ScanHistory) -> None:
        gone = await history.clean_up(keep=keep, older_than_days=older_than_days)
        typer.echo(f"{gone['results']} results and {gone['scans']} scans deleted.")

    _with_history(act, data)


def _with_history(act: Callable[[ScanHistory], Awaitable[None]], data: Path | None) -> None:
    from cutroom.bootstrap.scanning import history_of, opened
    from cutroom.bootstrap.settings import load

    async def run() -> None:
        async with opened(load(data)) as database:
            await act(history_of(database))

    asyncio.run(run())


def _counts(numbers: dict[str, Any]) -> str:
    return ", ".join(f"{count} {status}" for status, count in numbers["statuses"].items()) or "nothing yet"
