"""How `cutroom jobs` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import typer

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.jobs.models import Family, Job, JobAttempt, JobPage, JobState

if TYPE_CHECKING:
    from cutroom.jobs.bulk import Outcomes


def print_json(document: dict[str, Any]) -> None:
    """For machines."""
    typer.echo(msgspec.json.format(msgspec.json.encode(document)).decode())


def print_table(page: JobPage, counts: dict[str, int]) -> None:
    """A page of jobs, how many there are, and how to see the next page."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("job", "state", "what", "progress", "tries"):
        table.add_column(name, no_wrap=name in {"job", "state"}, overflow="fold")
    for job in page.items:
        # Text, not markup: titles hold file names, and those hold brackets.
        cells = (job.id, job.state.value, job.title, _progress(job), f"{job.attempts}/{job.max_attempts}")
        table.add_row(*(Text(cell) for cell in cells))
    console = Console()
    console.print(table if page.items else Text("There are no such jobs."))
    console.print(Text(", ".join(f"{number} {state}" for state, number in counts.items() if number) or "0 jobs"))
    if page.next is not None:
        console.print(Text(f"More: --after {page.next}"))


def print_job(job: Job, attempts: list[JobAttempt], family: Family | None, format: str) -> None:
    """Everything about one job."""
    document = job.document() | {"queue": job.queue, "result": job.result}
    if format == "json":
        history = msgspec.to_builtins(attempts)
        parts = None if family is None else {"total": family.total, "states": family.states}
        print_json({**document, "history": history, "parts": parts})
        return
    for name, value in document.items():
        if name.endswith("_at") and value is not None:
            value = clock.iso(value)
        if name == "error" and job.error is not None:
            value = _said(job.error)
        typer.echo(f"{name:13} {'' if value is None else value}")
    if family is not None:
        states = ", ".join(f"{number} {state}" for state, number in family.states.items())
        typer.echo(f"{'parts':13} {family.total}: {states}")
    for attempt in attempts:
        _print_attempt(attempt)
    if job.cancel_requested and not job.state.over:
        typer.echo("It is being cancelled.")


def print_outcomes(found: Outcomes, format: str) -> None:
    """What became of each."""
    changed = sum(item.changed for item in found.items)
    if format == "json":
        print_json({"items": msgspec.to_builtins(found.items), "changed": changed, "more": found.more})
        return
    for item in found.items:
        state = "" if item.state is None else item.state.value
        typer.echo(f"{item.id}  {state}{'' if item.error is None else f': {_said(item.error)}'}")
    typer.echo(f"{changed} changed.{' More fit: say it again.' if found.more else ''}")


def _progress(job: Job) -> str:
    if job.state is not JobState.RUNNING and not (job.state is JobState.WAITING and job.progress):
        return job.error.message if job.error is not None else ""
    left = job.eta_seconds(clock.now())
    remaining = f", {left:.0f} s left" if left is not None else ""
    stage = "its parts" if job.state is JobState.WAITING else job.stage or "starting"
    return f"{stage} {job.progress:.0%}{remaining}"


def _print_attempt(attempt: JobAttempt) -> None:
    seconds = "" if attempt.finished_at is None else f" after {(attempt.finished_at - attempt.started_at) / 1e6:.1f} s"
    typer.echo(f"attempt {attempt.number}: {attempt.outcome or 'under way'}{seconds}, by {attempt.worker}")
    for mark in attempt.stages:
        typer.echo(f"    {(mark.at - attempt.started_at) / 1e6:8.1f} s  {mark.stage}")
    if attempt.error is not None:
        typer.echo(f"    {_said(attempt.error)}")
    for line in (attempt.log or "").splitlines()[-20:]:
        typer.echo(f"    | {line}")


def _said(error: ErrorDocument) -> str:
    return f"{error.message} [{error.code}]"
