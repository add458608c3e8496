"""What `cutroom inspect` does besides inspecting: duplicates, and a file's history."""

from __future__ import annotations

import csv
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from cutroom.bootstrap.settings import load
from cutroom.cli.inspect_run import Asked, files_of
from cutroom.core.errors import CutroomError
from cutroom.inspection.damage_map import one_line
from cutroom.inspection.duplicates import Duplicates, find_duplicates
from cutroom.inspection.scan_history import PastResult
from cutroom.media.pool import DecodePool

if TYPE_CHECKING:
    from cutroom.inspection.hashes import KeptHashes


async def duplicates(asked: Asked, out: IO[str]) -> bool:
    """Write groups of equal files; whether all files could be read."""
    _refuse_documents(asked.format, "--duplicates")
    async with AsyncExitStack() as stack:
        known = await _known(asked, stack) if asked.database else None
        pool = await stack.enter_async_context(DecodePool(asked.jobs))
        found = await find_duplicates(
            lambda: files_of(asked), pool=pool, max_seconds_per_file=asked.max_seconds_per_file, known=known
        )
        if known is not None:
            await known.close()
    if asked.format == "json":
        out.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    elif asked.format == "jsonl":
        out.writelines(msgspec.json.encode(group).decode() + "\n" for group in found.groups)
    elif asked.format == "csv":
        writer = csv.writer(out)
        writer.writerow(("content_hash", "size_bytes", "wasted_bytes", "path"))
        for group in found.groups:
            writer.writerows((group.content_hash, group.size_bytes, group.wasted_bytes, path) for path in group.paths)
    else:
        _print_duplicates(found, out)
    return not found.problems


async def _known(asked: Asked, stack: AsyncExitStack) -> KeptHashes:
    from cutroom.bootstrap.scanning import hashes_of, opened

    return hashes_of(await stack.enter_async_context(opened(load(asked.data))))


async def history(asked: Asked, out: IO[str]) -> bool:
    """Write what was ever found out about each path; whether something was."""
    from cutroom.bootstrap.scanning import history_of, opened

    _refuse_documents(asked.format, "--history")
    async with opened(load(asked.data)) as database:
        past = history_of(database)
        # Not resolve(): the name is the key, links kept, as a scan has it.
        found = [one for path in asked.paths for one in await past.of_file(Path(os.path.abspath(path)))]  # noqa: PTH100, ASYNC240
    if asked.format == "json":
        out.write(msgspec.json.format(msgspec.json.encode({"history": found})).decode() + "\n")
    elif asked.format == "jsonl":
        out.writelines(msgspec.json.encode(one).decode() + "\n" for one in found)
    elif asked.format == "csv":
        writer = csv.writer(out)
        writer.writerow(("at", "path", "status", "mode", "size_bytes", "content_hash", "message"))
        writer.writerows(_cells(one) for one in found)
    else:
        out.writelines("  ".join(one_line(str(cell)) for cell in _cells(one) if cell) + "\n" for one in found)
        if not found:
            out.write("Nothing is known about it.\n")
    return bool(found)


def _cells(one: PastResult) -> tuple[object, ...]:
    report = one.report
    said = report.findings[0].message if report.findings else ""
    return (one.at, report.path, report.status.value, report.mode.value, report.size_bytes, report.content_hash, said)


def _print_duplicates(found: Duplicates, out: IO[str]) -> None:
    for group in found.groups:
        out.write(f"{group.wasted_bytes / 1e6:.1f} MB wasted, {len(group.paths)} files of {group.size_bytes} bytes:\n")
        out.writelines(f"  {one_line(path)}\n" for path in group.paths)
    out.writelines(f"{one_line(problem)}\n" for problem in found.problems)
    total = f"{len(found.groups)} groups of equal files, {found.wasted_bytes / 1e6:.1f} MB wasted"
    out.write(f"{total}; {found.hashed} of {found.files} files were read. Nothing was deleted.\n")


def _refuse_documents(format: str, option: str) -> None:
    if format in ("html", "pdf"):
        raise CutroomError(
            "inspect.no-such-report",
            f"{option} has no {format} report.",
            hint="Choose --format table, json, jsonl or csv.",
        )
