"""What inspection announces inside a transaction; `bootstrap` subscribes the library and the webhooks."""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.inspection.files import Candidate
from cutroom.inspection.models import FileReport, Finding
from cutroom.inspection.scan_models import ScanRow


@dataclass(frozen=True, kw_only=True)
class InspectedFile:
    """One file of a batch; its `report.kept` says whether the verdict is an earlier scan's."""

    file: Candidate
    report: FileReport
    result_id: int


@dataclass(frozen=True, kw_only=True)
class FilesInspected:
    """A scan has kept a batch of verdicts."""

    scan_id: str
    files: tuple[InspectedFile, ...]


@dataclass(frozen=True, kw_only=True)
class DamageFound:
    """A file is not well, and was not known to be so: its newest verdict before was another, or on other bytes."""

    status: str
    name: str  # for display
    path: str | None  # as it is shown; None where it is nobody's business
    video_id: str | None
    scan_id: str | None
    findings: tuple[Finding, ...]

    @property
    def subject(self) -> str:
        """The id of what it is about."""
        return self.video_id or self.scan_id or ""


@dataclass(frozen=True, kw_only=True)
class ScanFinished:
    """A scan has come to its end."""

    scan: ScanRow
