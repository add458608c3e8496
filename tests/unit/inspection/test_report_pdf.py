"""The PDF report: whole, of as many pages as it takes, whatever names hold."""

from __future__ import annotations

import io
from pathlib import Path

from cutroom.inspection.batch import row_of
from cutroom.inspection.files import Candidate
from cutroom.inspection.findings import to_findings, to_verdict
from cutroom.inspection.models import Mode
from cutroom.inspection.report import WRITERS, Totals
from cutroom.media.containers import Fault


def test_a_long_report_has_many_pages():
    raw, totals = io.BytesIO(), Totals()
    out = io.TextIOWrapper(raw)
    writer = WRITERS["pdf"](out)
    for number in range(40):
        fault = Fault(code="decode.failed", message="Lost.", start_seconds=25.0, end_seconds=50.0)
        verdict = to_verdict(to_findings([fault]), Mode.DEEP, duration_seconds=100.0, seconds_spent=1.0)
        row = row_of(Candidate(Path(f"/x/🎬 é\n{number}.mp4"), 1000), verdict)
        writer.add(row)
        totals.add(row, 1000)
    writer.close(totals.summary(1.0))
    data = raw.getvalue()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") >= 3


def test_nothing_damaged_is_a_document_too():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw)
    WRITERS["pdf"](out).close(Totals().summary(0.0))
    assert raw.getvalue().startswith(b"%PDF-")
