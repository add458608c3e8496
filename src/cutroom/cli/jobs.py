"""`cutroom jobs`: look at the queue, and cancel or retry what is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from cutroom.core import clock
from cutroom.jobs.models import JobState

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom
    from cutroom.jobs.models import Job

app = typer.Typer(
    no_args_is_help=True, help="List, show, cancel and retry jobs. Example: cutroom jobs list --state failed"
)

Data = Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")]
Format = Annotated[Literal["table", "json"], typer.Option(help="How to print.")]
Id = Annotated[str, typer.Argument(metavar="JOB", help="A job's id.")]


@app.command("list")
def list_jobs(
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind: inspect, preview, hash, proxy, clip.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only the jobs of this video, asset or clip.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="The page after this one.")] = None,
    format: Format = "table",
    data: Data = None,
) -> None:
    """List jobs, newest first.

    Example: cutroom jobs list --state failed --format json
    """

    async def look(cutroom: Cutroom) -> None:
        async with cutroom.database.read() as conn:
            page = await cutroom.jobs.list(conn, state=state, kind=kind, subject=subject, after=after, limit=limit)
            counts = await cutroom.jobs.counts(conn)
        if format == "json":
            _print_json({"items": [job.document() for job in page.items], "next": page.next, "counts": counts})
        else:
            _print_table(page.items, counts)

    _with_cutroom(look, data)


@app.command()
def show(job_id: Id, format: Format = "table", data: Data = None) -> None:
    """Show one job.

    Example: cutroom jobs show job_01kc…
    """

    async def look(cutroom: Cutroom) -> None:
        async with cutroom.database.read() as conn:
            _print_job(await cutroom.jobs.get(conn, job_id), format)

    _with_cutroom(look, data)


@app.command()
def cancel(job_id: Id, format: Format = "table", data: Data = None) -> None:
    """Cancel a job: a queued one at once, a running one within a second.

    Example: cutroom jobs cancel job_01kc…
    """

    async def act(cutroom: Cutroom) -> None:
        async with cutroom.database.transaction() as tx:
            job = await cutroom.jobs.cancel(tx, job_id)
        _print_job(job, format)

    _with_cutroom(act, data)


@app.command()
def retry(job_id: Id, format: Format = "table", data: Data = None) -> None:
    """Queue a failed or cancelled job again.

    Example: cutroom jobs retry job_01kc…
    """

    async def act(cutroom: Cutroom) -> None:
        async with cutroom.database.transaction() as tx:
            job = await cutroom.jobs.retry(tx, job_id)
        _print_job(job, format)

    _with_cutroom(act, data)


def _with_cutroom(act: Callable[[Cutroom], Awaitable[None]], data: Path | None) -> None:
    from cutroom.bootstrap import container
    from cutroom.bootstrap.settings import load

    async def run() -> None:
        cutroom = container.build(load(data), direct=True)
        try:
            await container.start(cutroom)
            await act(cutroom)
        finally:
            await cutroom.database.close()

    asyncio.run(run())


def _print_json(document: dict[str, Any]) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(document)).decode())


def _print_table(jobs: list[Job], counts: dict[str, int]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("job", "state", "what", "progress", "tries"):
        table.add_column(name, no_wrap=name in {"job", "state"}, overflow="fold")
    for job in jobs:
        # Text, not markup: titles hold file names, and those hold brackets.
        cells = (job.id, job.state.value, job.title, _progress(job), f"{job.attempts}/{job.max_attempts}")
        table.add_row(*(Text(cell) for cell in cells))
    console = Console()
    console.print(table if jobs else Text("There are no such jobs."))
    console.print(Text(", ".join(f"{number} {state}" for state, number in counts.items() if number) or "0 jobs"))


def _progress(job: Job) -> str:
    if job.state is not JobState.RUNNING:
        return job.error.message if job.error is not None else ""
    left = job.eta_seconds(clock.now())
    remaining = f", {left:.0f} s left" if left is not None else ""
    return f"{job.stage or 'starting'} {job.progress:.0%}{remaining}"


def _print_job(job: Job, format: str) -> None:
    if format == "json":
        _print_json(job.document())
        return
    for name, value in job.document().items():
        if name.endswith("_at") and value is not None:
            value = clock.iso(value)
        if isinstance(value, dict):
            value = f"{value['message']} [{value['code']}]"
        typer.echo(f"{name:13} {'' if value is None else value}")
    if job.cancel_requested and not job.state.over:
        typer.echo("It is being cancelled.")
