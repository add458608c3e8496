"""The PDF report: the totals, and a page-wide damage map for each file that is not well."""

from __future__ import annotations

from textwrap import wrap
from typing import IO, Any, cast

from cutroom.inspection.damage_map import clock, marks, one_line
from cutroom.inspection.models import FileReport, Severity, Status, Summary

_GOOD = frozenset({Status.HEALTHY, Status.NOTE})
_SHOWN = 2000  # files; the other formats list all
_FINDINGS = 6  # of each file
_LEFT, _BOTTOM, _WIDTH, _TOP = 48, 48, 499, 794  # points on A4
_INK, _SOFT, _TRACK = (0.11, 0.12, 0.14), (0.4, 0.43, 0.48), (0.91, 0.93, 0.94)
_COLORS = {
    Severity.NOTE: (0.04, 0.43, 0.6),
    Severity.MINOR: (0.75, 0.5, 0.0),
    Severity.MAJOR: (0.75, 0.15, 0.18),
    Severity.CRITICAL: (0.75, 0.15, 0.18),
}


class Pdf:
    """Keeps the damaged files, within bounds, and draws them when the totals are known."""

    def __init__(self, out: IO[str]) -> None:
        # A report is written as text, except this one.
        self._out = cast("Any", out).buffer
        self._bad: list[FileReport] = []
        self._more = 0

    def add(self, row: FileReport) -> None:
        """Keep a row that somebody has to look at."""
        if row.status in _GOOD:
            return
        if len(self._bad) < _SHOWN:
            self._bad.append(row)
        else:
            self._more += 1

    def close(self, summary: Summary) -> None:
        """Write the document."""
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfgen.canvas import Canvas

        sheet = _Sheet(Canvas(self._out, pagesize=A4, pageCompression=1))
        sheet.line("Inspection report", size=18, bold=True)
        counts = ", ".join(f"{count} {name}" for name, count in summary.statuses.items()) or "no video files found"
        sheet.line(f"{summary.files} files, {summary.bytes / 1e6:.1f} MB in {summary.seconds:.1f} s: {counts}.")
        for row in sorted(self._bad, key=lambda row: row.path):
            _draw(sheet, row)
        if self._more:
            sheet.line(f"… and {self._more} more; the other formats list all.")
        if not self._bad:
            sheet.line("Every file is sound.")
        sheet.save()


class _Sheet:
    """Lines from top to bottom, on as many pages as it takes."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._page = 1
        self._y = float(_TOP)
        canvas.setTitle("Inspection report")

    def room(self, points: float) -> None:
        """Begin a new page unless so much is left on this one."""
        if self._y - points < _BOTTOM:
            self._number()
            self._canvas.showPage()
            self._page += 1
            self._y = float(_TOP)

    def line(self, text: str, *, size: float = 9, bold: bool = False, color: tuple[float, float, float] = _INK) -> None:
        """One paragraph; characters that the built-in fonts lack are escaped."""
        plain = one_line(text).encode("cp1252", "backslashreplace").decode("cp1252")
        for piece in wrap(plain, int(_WIDTH / (size * (0.56 if bold else 0.5))), break_on_hyphens=False):
            self.room(size * 1.45)
            self._canvas.setFillColorRGB(*color)
            self._canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
            self._canvas.drawString(_LEFT, self._y - size, piece)
            self._y -= size * 1.45

    def bar(self, start: float, end: float, color: tuple[float, float, float], *, height: float = 9) -> None:
        """A part of the damage map, from 0 to 1, at the present line; `gap` goes on."""
        width = max(1.5, (end - start) * _WIDTH)
        self._canvas.setFillColorRGB(*color)
        left = min(_LEFT + start * _WIDTH, _LEFT + _WIDTH - width)
        self._canvas.rect(left, self._y - 6 - height / 2, width, height, stroke=0, fill=1)

    def gap(self, points: float) -> None:
        """Leave room."""
        self._y -= points

    def save(self) -> None:
        """End the document."""
        self._number()
        self._canvas.save()

    def _number(self) -> None:
        self._canvas.setFillColorRGB(*_SOFT)
        self._canvas.setFont("Helvetica", 8)
        self._canvas.drawRightString(_LEFT + _WIDTH, _BOTTOM / 2, str(self._page))


def _draw(sheet: _Sheet, row: FileReport) -> None:
    sheet.room(70)
    sheet.gap(10)
    sheet.line(row.path, size=10, bold=True)
    length = "" if row.duration_seconds is None else f" · {clock(row.duration_seconds)}"
    sheet.line(f"{row.status.value}{length} · {row.size_bytes / 1e6:.1f} MB · {row.mode.value}", color=_SOFT)
    found = marks(row)
    if found:
        sheet.bar(0.0, 1.0, _TRACK, height=6)
        for mark in found:
            sheet.bar(mark.start, mark.end, _COLORS[mark.finding.severity])
        sheet.gap(14)
    for finding in row.findings[:_FINDINGS]:
        when = "" if finding.start_seconds is None else f" At {clock(finding.start_seconds)}."
        sheet.line(f"• {finding.message}{when} [{finding.code}]")
    if len(row.findings) > _FINDINGS:
        sheet.line(f"and {len(row.findings) - _FINDINGS} more findings", color=_SOFT)
