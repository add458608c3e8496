"""`cutroom db`: back up the database, say what is in it and what is slow, and clear up old inspections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

if TYPE_CHECKING:
    from cutroom.db.engine import Database
    from cutroom.inspection.scan_history import ScanHistory

app = typer.Typer(no_args_is_help=True, help="Back up the database, look into it, clear up. Example: cutroom db backup")

Data = Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")]
Format = Annotated[Literal["table", "json"], typer.Option(help="How to print.")]


@app.command()
def upgrade(data: Data = None) -> None:
    """Bring the database to this version's schema, after a copy of it was put into the backups folder.

    Example: cutroom db upgrade
    """
    _with_database(_nothing, data)
    typer.echo("The database is of this version.")


@app.command()
def backup(
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it.")] = None,
    data: Data = None,
) -> None:
    """Copy the database, whole, checked and while it is in use; without -o to the data directory's backups folder.

    Example: cutroom db backup -o /mnt/backup/cutroom.db
    """
    from cutroom.bootstrap.scanning import back_up
    from cutroom.bootstrap.settings import load

    typer.echo(str(back_up(load(data), output)))


@app.command()
def stats(
    format: Format = "table",
    scans: Annotated[int, typer.Option(min=1, max=1000, help="So many of the newest scans.")] = 10,
    data: Data = None,
) -> None:
    """Show rows, sizes, indexes and holes, how many inspected files have which status, and the newest scans.

    Example: cutroom db stats --format json
    """

    async def look(database: Database) -> None:
        from cutroom.bootstrap.scanning import history_of
        from cutroom.cli.db_tables import show_sizes
        from cutroom.monitoring.sizes import sizes

        history, size = history_of(database), await sizes(database)
        numbers, trend = await history.statistics(), await history.trend(limit=scans)
        if format == "json":
            _print_json({**numbers, "scans": trend, "database": size})
            return
        show_sizes(size)
        typer.echo(f"{numbers['files']} files inspected, {numbers['results']} results kept: {_counts(numbers)}.")
        for scan in trend:
            head = f"{scan.started_at[:19]}Z  {scan.state:9}  {scan.mode:8}  {scan.files:>8} files"
            typer.echo(f"{head}  {scan.kept:>8} unchanged  {_counts({'statuses': scan.statuses})}")

    _with_database(look, data)


@app.command()
def slow(
    format: Format = "table",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many statements.")] = 20,
    data: Data = None,
) -> None:
    """Show which statements took the database's time, over all processes of the last seven days.

    Example: cutroom db slow --limit 5
    """

    async def look(database: Database) -> None:
        from cutroom.bootstrap.settings import load
        from cutroom.cli.db_tables import show_slow
        from cutroom.monitoring.slow import report

        found = await report(database, load(data).data / "statements", limit=limit)
        _print_json(found) if format == "json" else show_slow(found)

    _with_database(look, data)


@app.command()
def advise(
    format: Format = "table",
    create: Annotated[bool, typer.Option("--apply", help="Create the proposed indexes.")] = False,
    data: Data = None,
) -> None:
    """Propose indexes for the slowest statements; each was tried by the planner and gains more than it costs.

    Example: cutroom db advise --apply
    """

    async def look(database: Database) -> None:
        from cutroom.bootstrap.settings import load
        from cutroom.cli.db_tables import show_advice
        from cutroom.monitoring import advice

        found = await advice.advise(database, load(data).data / "statements")
        created = await advice.apply(database, found.advice) if create else []
        if format == "json":
            _print_json({"advice": found.advice, "looked_at": found.looked_at, "hint": found.hint, "created": created})
        else:
            show_advice(found, created)

    _with_database(look, data)


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
    from cutroom.bootstrap.scanning import history_of

    _with_database(lambda database: act(history_of(database)), data)


def _with_database(act: Callable[[Database], Awaitable[None]], data: Path | None) -> None:
    from cutroom.bootstrap.scanning import opened
    from cutroom.bootstrap.settings import load

    async def run() -> None:
        async with opened(load(data)) as database:
            await act(database)

    asyncio.run(run())


async def _nothing(_: Database) -> None:
    """Opening it was all."""


def _print_json(document: object) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(document)).decode())


def _counts(numbers: dict[str, Any]) -> str:
    return ", ".join(f"{count} {status}" for status, count in numbers["statuses"].items()) or "nothing yet"
