"""The ways in which footage is sent or fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cutroom.bootstrap.ground import Ground
from cutroom.bootstrap.settings import UploadsSettings
from cutroom.library.service import LibraryService
from cutroom.uploads.chunked import ChunkedForms
from cutroom.uploads.fetching import Fetching
from cutroom.uploads.handover import Handover
from cutroom.uploads.quota import Quota
from cutroom.uploads.resumable import ResumableUploads
from cutroom.uploads.service import UploadService


@dataclass(frozen=True, kw_only=True)
class TakingIn:
    """One service for each way."""

    uploads: UploadService
    resumable: ResumableUploads
    chunked: ChunkedForms
    fetching: Fetching


def build_taking_in(ground: Ground, library: LibraryService) -> TakingIn:
    """All of them, with one quota and one hand-over to the library."""
    settings, database, scratch = ground.settings, ground.database, ground.data.scratch
    handover = Handover(database=database, library=library, store=ground.store)
    quota = _quota(settings.uploads, library, scratch)
    resumable = ResumableUploads(
        database=database,
        handover=handover,
        quota=quota,
        scratch=scratch,
        keep_hours=settings.uploads.keep_hours,
        stall_seconds=settings.uploads.stall_seconds,
    )
    return TakingIn(
        uploads=UploadService(database=database, handover=handover, quota=quota, scratch=scratch),
        resumable=resumable,
        chunked=ChunkedForms(resumable, scratch=scratch),
        fetching=Fetching(
            jobs=ground.jobs,
            client=ground.client,
            handover=handover,
            quota=quota,
            scratch=scratch,
            allow=settings.net.allow,
            hours=settings.uploads.fetch_hours,
        ),
    )


def _quota(uploads: UploadsSettings, library: LibraryService, scratch: Path) -> Quota:
    max_bytes, account_bytes = (int(gib * (1 << 30)) for gib in (uploads.max_gib, uploads.account_gib))
    return Quota(library, scratch=scratch, max_bytes=max_bytes, account_bytes=account_bytes)
