"""`cutroom jobs`: look at the queue, and cancel, pause, resume or retry what is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cutroom.core.errors import CutroomError
from cutroom.jobs.models import JobState

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom

app = typer.Typer(
    no_args_is_help=True,
    help="List, show, cancel, pause, resume and retry jobs. Example: cutroom jobs list --state failed",
)

Data = Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")]
Format = Annotated[Literal["table", "json"], typer.Option(help="How to print.")]
Id = Annotated[str, typer.Argument(metavar="JOB", help="A job's id.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[JOB...]", help="Ids of jobs.")]
All = Annotated[bool, typer.Option("--all", help="All jobs that fit the options below, instead of named ones.")]
State = Annotated[JobState | None, typer.Option(help="Only jobs in this state.")]
Kind = Annotated[str | None, typer.Option(help="Only this kind: inspect, preview, hash, proxy, segments, clip, …")]
Queue = Annotated[str | None, typer.Option(help="Only this queue: encode, inspect, preview, io, …")]
Subject = Annotated[str | None, typer.Option(help="Only the jobs of this video, asset or clip.")]
Text = Annotated[str | None, typer.Option(help="Only jobs with this in their title.")]


@app.command("list")
def list_jobs(
    state: State = None,
    kind: Kind = None,
    queue: Queue = None,
    subject: Subject = None,
    text: Text = None,
    parent: Annotated[str | None, typer.Option(metavar="JOB", help="Only the parts of this job.")] = None,
    parts: Annotated[bool, typer.Option(help="With the jobs that are parts of others, or without.")] = True,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="The page after this one.")] = None,
    format: Format = "table",
    data: Data = None,
) -> None:
    """List jobs, newest first.

    Example: cutroom jobs list --state failed --format json
    """
    asked = {"kind": kind, "queue": queue, "subject": subject, "text": text, "parent": parent, "parts": parts}

    async def look(cutroom: Cutroom) -> None:
        from cutroom.cli import jobs_print

        async with cutroom.database.read() as conn:
            page = await cutroom.jobs.list(conn, state=state, after=after, limit=limit, **asked)
            counts = await cutroom.jobs.counts(conn, **asked)
        if format == "json":
            items = [job.document() for job in page.items]
            jobs_print.print_json({"items": items, "next": page.next, "counts": counts})
        else:
            jobs_print.print_table(page, counts)

    _with_cutroom(look, data)


@app.command()
def show(job_id: Id, format: Format = "table", data: Data = None) -> None:
    """Show one job with its attempts, their stages and what they printed.

    Example: cutroom jobs show job_01kc…
    """

    async def look(cutroom: Cutroom) -> None:
        from cutroom.cli import jobs_print

        async with cutroom.database.read() as conn:
            job = await cutroom.jobs.get(conn, job_id)
            attempts = await cutroom.jobs.attempts(conn, job_id)
            families = await cutroom.jobs.families(conn, [job_id])
        jobs_print.print_job(job, attempts, families.get(job_id), format)

    _with_cutroom(look, data)


VERBS = {
    "cancel": (
        "Cancel jobs and their parts: what does not run at once, what runs within a second.",
        "--all --kind proxy",
    ),
    "pause": (
        "Keep jobs and their parts from starting; what runs is stopped, and its attempt is not counted.",
        "--all --queue encode",
    ),
    "resume": ("Let paused jobs go on.", "--all"),
    "retry": (
        "Queue failed or cancelled jobs again, with what they need and was not done.",
        "--all --state failed",
    ),
}
"""What is done to named jobs, or to all that fit, and an example's options."""


def _command(verb: str) -> Callable[..., None]:
    def run(
        job_ids: Ids = None,
        all_: All = False,
        state: State = None,
        kind: Kind = None,
        queue: Queue = None,
        subject: Subject = None,
        text: Text = None,
        format: Format = "table",
        data: Data = None,
    ) -> None:
        asked = {"state": state, "kind": kind, "queue": queue, "subject": subject, "text": text}
        _act(verb, job_ids, all_, asked, format, data)

    return run


for _verb, (_says, _example) in VERBS.items():
    _help = (
        f"{_says}\n\nExits with 1 when one of them could not be changed.\n\nExample: cutroom jobs {_verb} {_example}"
    )
    app.command(_verb, help=_help)(_command(_verb))


def _act(
    verb: str, job_ids: list[str] | None, all_: bool, asked: dict[str, Any], format: str, data: Path | None
) -> None:
    """One verb for the named jobs, or for all that fit."""
    if bool(job_ids) == all_ or (job_ids and any(asked.values())):
        raise CutroomError(
            "jobs.which",
            "Either name the jobs, or say --all, with options such as --kind that narrow it down.",
            hint=f"cutroom jobs {verb} JOB… or cutroom jobs {verb} --all --kind proxy",
        )

    async def act(cutroom: Cutroom) -> None:
        from cutroom.cli import jobs_print
        from cutroom.jobs.bulk import Action, Bulk, Outcomes
        from cutroom.jobs.models import JobFilter

        bulk, action = Bulk(cutroom.database, cutroom.jobs), Action(verb)
        if job_ids:
            named = await bulk.named(action, job_ids, lambda _: None, viewer=None)
            found = Outcomes(items=named, more=False)
        else:
            found = await bulk.matching(action, JobFilter(**asked), lambda _: None)
        if len(found.items) == 1 and job_ids and (error := found.items[0].error) is not None:
            raise CutroomError(error.code, error.message, hint=error.hint)
        jobs_print.print_outcomes(found, format)
        if any(not item.changed for item in found.items):
            raise typer.Exit(1)

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
