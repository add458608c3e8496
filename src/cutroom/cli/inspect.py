"""`cutroom inspect`: check files for damage, without a server."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated

import typer

from cutroom.core.errors import CutroomError
from cutroom.inspection.vocabulary import Mode


class Format(StrEnum):
    """How the report is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    HTML = "html"
    PDF = "pdf"


NoResume = Annotated[
    bool, typer.Option("--no-resume", help="Begin anew where an interrupted run could be gone on with.")
]
ListDuplicates = Annotated[
    bool, typer.Option("--duplicates", help="Do not inspect: list files that hold the same bytes. Deletes nothing.")
]
ListHistory = Annotated[
    bool, typer.Option("--history", help="Do not inspect: list every verdict kept about these files.")
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(min=0.1, help="Give up on a file after so long.", show_default="in proportion to its size"),
]
Rescan = Annotated[bool, typer.Option("--rescan", help="Look at files again that have not changed.")]
NoDatabase = Annotated[bool, typer.Option("--no-database", help="Keep nothing about the run.")]


def inspect(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.", show_default=False)],
    mode: Annotated[Mode, typer.Option(help="How deep to look: see below.")] = Mode.STANDARD,
    jobs: Annotated[int | None, typer.Option(min=1, help="Files at a time.", show_default="one a core")] = None,
    recursive: Annotated[bool, typer.Option("--recursive/--no-recursive", help="Look into inner folders.")] = True,
    ext: Annotated[
        str | None, typer.Option(metavar="EXT,EXT", help="Only these extensions in folders: mp4,mkv.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to write the report.")] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the report there.")
    ] = None,
    no_database: NoDatabase = False,
    no_resume: NoResume = False,
    rescan: Rescan = False,
    max_seconds_per_file: MaxSeconds = None,
    duplicates: ListDuplicates = False,
    history: ListHistory = False,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory.")] = None,
) -> None:
    """Check videos for damage.

    quick looks at the structure and opens the file; standard also reads every packet, decodes all sound and every
    keyframe; deep decodes every frame; hybrid is standard, and deep where that leaves doubt; full is deep, and
    compares every byte with the checksum that an earlier look took while the file was sound.

    Verdicts are kept in the data directory. A file that has not changed since is not read again, and a run that was
    stopped goes on where it was when the same command is given again.

    Exit code: 0 all healthy (notes allowed), 1 anything else, 2 wrong usage.

    Example: cutroom inspect /srv/footage --mode deep --format jsonl -o report.jsonl
    """
    from cutroom.cli.inspect_more import duplicates as find_duplicates
    from cutroom.cli.inspect_more import history as show_history
    from cutroom.cli.inspect_run import Asked, run

    asked = Asked(
        paths=paths,
        mode=mode,
        jobs=jobs or len(os.sched_getaffinity(0)),
        recursive=recursive,
        extensions=_extensions(ext),
        format=format.value,
        max_seconds_per_file=max_seconds_per_file,
        database=not no_database,
        resume=not no_resume,
        rescan=rescan,
        data=data,
    )
    work = show_history if history else find_duplicates if duplicates else run
    try:
        with _destination(output) as out:
            good = asyncio.run(work(asked, out))
    except BrokenPipeError:
        # Whoever read the report has had enough of it; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    raise typer.Exit(0 if good else 1)


@contextmanager
def _destination(output: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that appears whole or not at all."""
    if output is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    aside = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="") as out:
            yield out
        aside.replace(output)
    except OSError as error:
        if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise CutroomError(
            "inspect.cannot-write",
            f"{output} cannot be written: {error.strerror}.",
            hint="Choose another place with -o.",
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def _extensions(ext: str | None) -> frozenset[str] | None:
    """`mp4,.MKV` as a set of lower-case names."""
    if ext is None:
        return None
    names = frozenset(name.strip().lstrip(".").lower() for name in ext.split(",") if name.strip())
    if not names:
        raise CutroomError("inspect.no-extensions", "--ext names no extension.", hint="Write --ext mp4,mkv.")
    return names
