"""`cutroom inspect`: check files for damage, with neither server nor database."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, NamedTuple

import typer

from cutroom.cli.output import watched
from cutroom.core.errors import CutroomError
from cutroom.inspection.vocabulary import Mode

if TYPE_CHECKING:
    from cutroom.inspection.files import Candidate


class Format(StrEnum):
    """How the report is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


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
    no_database: Annotated[bool, typer.Option("--no-database", help="Keep nothing about the run.")] = False,
    max_seconds_per_file: Annotated[
        float | None,
        typer.Option(min=0.1, help="Give up on a file after so long.", show_default="in proportion to its size"),
    ] = None,
) -> None:
    """Check videos for damage.

    quick looks at the structure and opens the file; standard also reads every packet, decodes all sound and every
    keyframe; deep decodes every frame; hybrid is standard, and deep where that leaves doubt.

    Exit code: 0 all healthy (notes allowed), 1 anything else, 2 wrong usage.

    Example: cutroom inspect /srv/footage --mode deep --format jsonl -o report.jsonl
    """
    size = jobs or len(os.sched_getaffinity(0))
    asked = _Asked(paths, mode, size, recursive, _extensions(ext), format, max_seconds_per_file)
    try:
        with _destination(output) as out:
            good = asyncio.run(_run(asked, out))
    except BrokenPipeError:
        # Whoever read the report has had enough of it; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    raise typer.Exit(0 if good else 1)


class _Asked(NamedTuple):
    """The options of one run."""

    paths: list[Path]
    mode: Mode
    jobs: int
    recursive: bool
    extensions: frozenset[str] | None
    format: Format
    max_seconds_per_file: float | None


async def _run(asked: _Asked, out: IO[str]) -> bool:
    """Run the whole batch and write its report; whether all is well."""
    from cutroom.cli.inspect_progress import watch
    from cutroom.inspection.batch import inspect_files
    from cutroom.inspection.files import VIDEO_EXTENSIONS, candidates
    from cutroom.inspection.report import WRITERS, Totals
    from cutroom.media.pool import DecodePool

    def files() -> Iterator[Candidate]:
        return candidates(asked.paths, recursive=asked.recursive, extensions=asked.extensions or VIDEO_EXTENSIONS)

    writer, totals, began = WRITERS[asked.format.value](out), Totals(), time.monotonic()
    async with DecodePool(asked.jobs) as pool:
        with watch(files, shown=watched()) as watcher:
            rows = inspect_files(files(), asked.mode, pool=pool, max_seconds_per_file=asked.max_seconds_per_file)
            async for row in rows:
                writer.add(row.report)
                totals.add(row.report, row.size_bytes)
                watcher.advance(row.size_bytes)
    writer.close(totals.summary(time.monotonic() - began))
    return totals.all_good


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
