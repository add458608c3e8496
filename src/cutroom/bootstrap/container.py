"""Build every object from settings, once a process, and subscribe the domains to each other's events."""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.accounts.service import AccountService
from cutroom.bootstrap.datadir import DataDirectory
from cutroom.bootstrap.settings import Settings
from cutroom.clips.service import ClipService
from cutroom.db.engine import Database
from cutroom.events.announce import Announcer
from cutroom.inspection.service import InspectionService
from cutroom.jobs.models import JobKind
from cutroom.jobs.service import JobService
from cutroom.library.service import LibraryService
from cutroom.proxies.service import ProxyService
from cutroom.storage.port import ObjectStore
from cutroom.uploads.service import UploadService


@dataclass(frozen=True, kw_only=True)
class Cutroom:
    """Everything an entrance needs."""

    settings: Settings
    data: DataDirectory
    database: Database
    store: ObjectStore
    announcer: Announcer
    jobs: JobService
    accounts: AccountService
    library: LibraryService
    inspection: InspectionService
    proxies: ProxyService
    clips: ClipService
    uploads: UploadService
    kinds: dict[str, JobKind]


def build(settings: Settings) -> Cutroom:
    """Everything, from settings; creates the data directory and opens nothing else. `start` prepares the database."""
    raise NotImplementedError


async def start(cutroom: Cutroom) -> None:
    """Bring the database to this version; call once a process, before anything else. Raises `db.newer`."""
    raise NotImplementedError
