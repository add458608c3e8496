"""Reports: a table for people, JSON, JSON lines and CSV for machines, HTML, PDF. Each takes rows as they come."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from typing import IO, Any, Protocol

import msgspec

from cutroom.inspection.damage_map import clock, one_line
from cutroom.inspection.models import FileReport, Report, Status, Summary
from cutroom.inspection.report_html import Html
from cutroom.inspection.report_pdf import Pdf

_SHOWN = 500  # damaged files a table lists; the machine formats list all
_FEW = 20  # up to so many files a table also lists the healthy ones
GOOD = frozenset({Status.HEALTHY, Status.NOTE})
_STYLES = {
    Status.HEALTHY: "green", Status.NOTE: "cyan", Status.SUSPECT: "yellow", Status.CORRUPT: "bold red",
    Status.NOT_VIDEO: "magenta", Status.UNREADABLE: "magenta", Status.TIMED_OUT: "yellow", Status.CRASHED: "red",
}  # fmt: skip


class Writer(Protocol):
    """Takes every row once, then the totals."""

    def add(self, row: FileReport) -> None:
        """One more file."""

    def close(self, summary: Summary) -> None:
        """No more files."""


class Totals:
    """Counts a run."""

    def __init__(self) -> None:
        self.files = self.bytes = self.kept = 0
        self._statuses: Counter[str] = Counter()

    def add(self, row: FileReport, size_bytes: int) -> None:
        """Count one file."""
        self.files += 1
        self.bytes += size_bytes
        self.kept += row.kept
        self._statuses[row.status.value] += 1

    def summary(self, seconds: float) -> Summary:
        """The totals after `seconds`."""
        order = [status.value for status in Status]
        statuses = {name: self._statuses[name] for name in order if self._statuses[name]}
        return Summary(files=self.files, bytes=self.bytes, seconds=round(seconds, 3), statuses=statuses, kept=self.kept)

    @property
    def all_good(self) -> bool:
        """Whether every file is healthy, notes allowed."""
        return all(Status(name) in GOOD for name in self._statuses)


class JsonLines:
    """One object a line."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def add(self, row: FileReport) -> None:
        """Write one line."""
        self._out.write(msgspec.json.encode(row).decode() + "\n")
        self._out.flush()

    def close(self, summary: Summary) -> None:
        """Lines need no end."""


class Json:
    """One document, written piece by piece."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._begun = False

    def add(self, row: FileReport) -> None:
        """Write one element of `files`."""
        self._out.write((",\n" if self._begun else '{"files":[\n') + msgspec.json.encode(row).decode())
        self._begun = True

    def close(self, summary: Summary) -> None:
        """Write the totals."""
        start = "\n" if self._begun else '{"files":[\n'
        self._out.write(f'{start}],"summary":{msgspec.json.encode(summary).decode()}}}\n')


class Csv:
    """One line a file, with its worst finding."""

    COLUMNS = (
        "path", "status", "mode", "confidence", "severity", "duration_seconds", "seconds_spent", "findings", "code",
        "stream", "start_seconds", "end_seconds", "byte_offset", "message",
    )  # fmt: skip

    def __init__(self, out: IO[str]) -> None:
        self._writer = csv.writer(out)
        self._writer.writerow(self.COLUMNS)

    def add(self, row: FileReport) -> None:
        """Write one line."""
        worst = row.findings[0] if row.findings else None
        own = [row.path, row.status.value, row.mode.value, row.confidence, row.severity and row.severity.value]
        own += [row.duration_seconds, row.seconds_spent, len(row.findings)]
        place: list[Any] = [None] * 6
        if worst is not None:
            place = [worst.code, worst.stream, worst.start_seconds, worst.end_seconds, worst.byte_offset, worst.message]
        self._writer.writerow(["" if value is None else value for value in own + place])

    def close(self, summary: Summary) -> None:
        """Lines need no end."""


class Table:
    """What a person wants to see: the damaged files, and how many are well."""

    def __init__(self, out: IO[str], *, color: bool = True) -> None:
        from rich.console import Console

        self._console = Console(file=out, no_color=not color, highlight=False, soft_wrap=False)
        self._bad: list[FileReport] = []
        self._good: list[FileReport] = []
        self._more = 0

    def add(self, row: FileReport) -> None:
        """Keep a row, within bounds."""
        if row.status in GOOD:
            if len(self._good) <= _FEW:
                self._good.append(row)
        elif len(self._bad) < _SHOWN:
            self._bad.append(row)
        else:
            self._more += 1

    def close(self, summary: Summary) -> None:
        """Print the table and one line of totals."""
        rows = self._bad + (self._good if summary.files <= _FEW else [])
        if rows:
            self._console.print(_table(sorted(rows, key=lambda row: row.path)))
        if self._more:
            self._console.print(f"… and {self._more} more; --format jsonl lists all.")
        counts = ", ".join(f"{count} {name}" for name, count in summary.statuses.items()) or "no video files found"
        files = f"{summary.files} file{'' if summary.files == 1 else 's'}"
        speed = f"{files}, {summary.bytes / 1e6:.1f} MB in {summary.seconds:.1f} s"
        kept = f" {summary.kept} unchanged since they were inspected." if summary.kept else ""
        self._console.print(f"{speed}: {counts}.{kept}", markup=False)


def _table(rows: list[FileReport]) -> Any:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Status", no_wrap=True)
    table.add_column("File", overflow="fold")
    table.add_column("Length", justify="right", no_wrap=True)
    table.add_column("What and where", overflow="fold")
    for row in rows:
        length = "" if row.duration_seconds is None else clock(row.duration_seconds)
        status = Text(row.status.value, style=_STYLES[row.status])
        table.add_row(status, Text(one_line(row.path)), length, Text(_explain(row)))
    return table


def _explain(row: FileReport) -> str:
    if not row.findings:
        return ""
    first = row.findings[0]
    text = first.message.removeprefix(one_line(row.path) + " ")
    text = text[:1].upper() + text[1:]
    if first.start_seconds is not None:
        text += f" At {clock(first.start_seconds)}"
        if first.end_seconds is not None and first.end_seconds - first.start_seconds >= 1:
            text += f"–{clock(first.end_seconds)}"
        text += "."
    others = len(row.findings) - 1
    return f"{text} (+{others} more)" if others else text


WRITERS: dict[str, Callable[[IO[str]], Writer]] = {
    "table": Table,
    "json": Json,
    "jsonl": JsonLines,
    "csv": Csv,
    "html": Html,
    "pdf": Pdf,
}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the machine formats: a line of jsonl is `FileReport`, the document of json is `Report`."""
    (line, _), parts = msgspec.json.schema_components([FileReport, Report], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cutroom inspect",
        "description": "A line of --format jsonl is a FileReport; the document of --format json is a Report.",
        **line,
        "$defs": parts,
    }


if __name__ == "__main__":
    import json
    import sys

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
