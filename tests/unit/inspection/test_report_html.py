"""The HTML report: self-contained, escaped, and with the damage where it is."""

from __future__ import annotations

import io
from pathlib import Path

from cutroom.inspection.batch import row_of
from cutroom.inspection.damage_map import marks
from cutroom.inspection.files import Candidate
from cutroom.inspection.findings import to_findings, to_verdict
from cutroom.inspection.models import FileReport, Mode
from cutroom.inspection.report import WRITERS, Totals
from cutroom.media.containers import Fault


def report(name: str, *faults: Fault) -> FileReport:
    verdict = to_verdict(to_findings(faults), Mode.DEEP, duration_seconds=100.0, seconds_spent=1.0)
    return row_of(Candidate(Path("/x") / name, 1000), verdict)


def written(*rows: FileReport) -> str:
    out, totals = io.StringIO(), Totals()
    writer = WRITERS["html"](out)
    for row in rows:
        writer.add(row)
        totals.add(row, 1000)
    writer.close(totals.summary(1.0))
    return out.getvalue()


def test_marks_are_shares_of_the_length_or_of_the_bytes():
    found = marks(
        report(
            "a.mp4",
            Fault(code="decode.failed", message="Lost.", start_seconds=25.0, end_seconds=50.0),
            Fault(code="mp4.bad-box", message="Bad.", byte_offset=900),
            Fault(code="file.cannot-open", message="No."),
        )
    )
    places = {mark.finding.code: (mark.start, mark.end) for mark in found}
    assert places == {"decode.failed": (0.25, 0.5), "mp4.bad-box": (0.9, 0.9)}


def test_names_and_messages_cannot_become_markup():
    text = written(report("<script>alert(1)</script>\n\"'&.mp4", Fault(code="decode.failed", message="</p><b>")))
    assert "<script>alert" not in text
    assert "</p><b>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\n" in text


def test_nothing_is_fetched_from_outside():
    text = written(report("a.mp4"))
    assert "default-src 'none'" in text
    assert not any(word in text for word in ("http://", "https://", "src=", "href=", "url(", "@import"))


def test_the_map_shows_the_place():
    text = written(report("a.mp4", Fault(code="decode.failed", message="Lost.", start_seconds=25.0, end_seconds=50.0)))
    assert '<rect class="major" x="250.0" width="250.0"' in text
    assert "1 files" in text
