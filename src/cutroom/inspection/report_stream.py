"""A kept scan as a document, written as it is read: no report needs more memory than a page of rows."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

from cutroom.db.engine import Database
from cutroom.inspection.models import Summary
from cutroom.inspection.report import WRITERS
from cutroom.inspection.results import Results
from cutroom.inspection.scan_models import ScanRow

MEDIA_TYPES = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
}
_ROWS = 200


async def stream_report(database: Database, results: Results, scan: ScanRow, format: str) -> AsyncIterator[bytes]:
    """The pieces of a scan's report in one of `MEDIA_TYPES`, by the writers of the command line."""
    held = io.BytesIO()
    text = io.TextIOWrapper(held, encoding="utf-8", newline="", write_through=True)
    writer = WRITERS[format](text)
    after: tuple[int, str, int] | None = None
    while True:
        begin = after
        rows = await database.look(lambda conn: results.reports(conn, scan.id, after=begin, limit=_ROWS))  # noqa: B023
        for report, _ in rows:
            writer.add(report)
        if piece := _taken(held):
            yield piece
        if len(rows) < _ROWS:
            break
        after = rows[-1][1]
    writer.close(
        Summary(files=scan.files, bytes=scan.bytes, seconds=scan.seconds, statuses=scan.statuses, kept=scan.kept)
    )
    yield _taken(held)


def _taken(held: io.BytesIO) -> bytes:
    piece = held.getvalue()
    held.seek(0)
    held.truncate()
    return piece
