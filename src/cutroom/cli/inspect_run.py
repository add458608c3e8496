"""The run behind `cutroom inspect`: files in, rows to the report, verdicts to the database."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import IO, NamedTuple

from cutroom.bootstrap.settings import load
from cutroom.cli.inspect_progress import watch
from cutroom.cli.output import watched
from cutroom.inspection.batch import Row, inspect_files
from cutroom.inspection.files import VIDEO_EXTENSIONS, Candidate, candidates
from cutroom.inspection.report import WRITERS, Totals
from cutroom.inspection.vocabulary import Mode
from cutroom.media.pool import DecodePool


class Asked(NamedTuple):
    """The options of one run."""

    paths: list[Path]
    mode: Mode
    jobs: int
    recursive: bool
    extensions: frozenset[str] | None
    format: str
    max_seconds_per_file: float | None
    database: bool
    resume: bool
    rescan: bool
    data: Path | None


async def run(asked: Asked, out: IO[str]) -> bool:
    """Run the whole batch and write its report; whether all is well."""
    writer, totals, began = WRITERS[asked.format](out), Totals(), time.monotonic()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(DecodePool(asked.jobs))
        rows = await stack.enter_async_context(aclosing(await _rows(asked, pool, stack)))
        with watch(lambda: files_of(asked), shown=watched()) as watcher:
            async for row in rows:
                writer.add(row.report)
                totals.add(row.report, row.size_bytes)
                watcher.advance(row.size_bytes)
    writer.close(totals.summary(time.monotonic() - began))
    return totals.all_good


def files_of(asked: Asked) -> Iterator[Candidate]:
    """The files the options name."""
    return candidates(asked.paths, recursive=asked.recursive, extensions=asked.extensions or VIDEO_EXTENSIONS)


async def _rows(asked: Asked, pool: DecodePool, stack: AsyncExitStack) -> AsyncGenerator[Row, None]:
    if not asked.database:
        return inspect_files(files_of(asked), asked.mode, pool=pool, max_seconds_per_file=asked.max_seconds_per_file)
    from cutroom.bootstrap.scanning import opened, scans_of
    from cutroom.inspection.scanning import scan_files
    from cutroom.inspection.scans import ScanRequest

    settings = load(asked.data)
    scans = scans_of(await stack.enter_async_context(opened(settings)), settings)
    request = ScanRequest(
        roots=tuple(path.absolute() for path in asked.paths),
        mode=asked.mode,
        recursive=asked.recursive,
        extensions=tuple(sorted(asked.extensions or ())),
        rescan=asked.rescan,
        max_seconds_per_file=asked.max_seconds_per_file,
    )
    scan = await scans.begin(request, resume=asked.resume, probes=asked.format in ("json", "jsonl"))
    return scan_files(files_of(asked), scan, scans=scans, pool=pool)
