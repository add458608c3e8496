"""Build every object from settings, once a process, and subscribe the domains to each other's events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.exc import DBAPIError

from cutroom.bootstrap import maintenance
from cutroom.bootstrap.ground import Ground, lay_ground
from cutroom.bootstrap.keeping import Retention, rooms
from cutroom.bootstrap.scan_child import TARGET as SCAN_TARGET
from cutroom.bootstrap.scan_child import arguments as scan_arguments
from cutroom.bootstrap.settings import JobsSettings, MediaSettings, Settings
from cutroom.bootstrap.stores import build_delivery
from cutroom.bootstrap.taking_in import TakingIn, build_taking_in
from cutroom.bootstrap.telling import tell_webhooks
from cutroom.bootstrap.wiring import subscribe
from cutroom.clips import tasks as clip_tasks
from cutroom.clips.service import ClipService
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.engine import Database
from cutroom.db.upgrade import upgrade
from cutroom.delivery.service import DeliveryService
from cutroom.inspection import tasks as inspection_tasks
from cutroom.inspection.hashes import KnownDuplicates
from cutroom.inspection.moments import Moments
from cutroom.inspection.results import Results
from cutroom.inspection.scan_jobs import ScanJobs
from cutroom.inspection.scans import ScanService
from cutroom.inspection.schedules import Schedules
from cutroom.inspection.service import InspectionService
from cutroom.inspection.vocabulary import Mode
from cutroom.jobs.models import JobKind
from cutroom.library import tasks as library_tasks
from cutroom.library.service import LibraryService
from cutroom.library.watched import WatchedFolders
from cutroom.library.watching import FolderWatcher, Pace
from cutroom.net.webhooks.delivering import Deliveries
from cutroom.net.webhooks.service import WebhookService
from cutroom.proxies import tasks as proxy_tasks
from cutroom.proxies import tasks_parts as part_tasks
from cutroom.proxies import tasks_spread as spread_tasks
from cutroom.proxies.downloads import DownloadService
from cutroom.proxies.images import ImageService
from cutroom.proxies.models import Recipe
from cutroom.proxies.ondemand import OnDemand
from cutroom.proxies.recipe import VERSION
from cutroom.proxies.service import ProxyService
from cutroom.storage.housekeeping import Housekeeping


@dataclass(frozen=True, kw_only=True)
class Cutroom(Ground, TakingIn):
    """Everything an entrance needs."""

    library: LibraryService
    watched: WatchedFolders
    watcher: FolderWatcher
    inspection: InspectionService
    scans: ScanService
    scan_jobs: ScanJobs
    schedules: Schedules
    results: Results
    duplicates: KnownDuplicates
    moments: Moments
    proxies: ProxyService
    ondemand: OnDemand
    downloads: DownloadService
    images: ImageService
    clips: ClipService
    delivery: DeliveryService
    housekeeping: Housekeeping
    retention: Retention
    webhooks: WebhookService
    deliveries: Deliveries


def build(settings: Settings, *, direct: bool = False) -> Cutroom:
    """Everything, from settings; creates the data directory and opens nothing else. `start` prepares the database.

    `direct` is for a process whose event loop answers nobody else while SQLite works: the runner, a command.
    """
    ground = lay_ground(settings, direct=direct)
    data, database, store, announcer, jobs = ground.data, ground.database, ground.store, ground.announcer, ground.jobs
    extensions = frozenset(one.lower().lstrip(".") for one in settings.library.extensions)
    library = LibraryService(
        database=database,
        store=store,
        jobs=jobs,
        announcer=announcer,
        scratch=data.scratch,
        extensions=extensions,
    )
    watched = WatchedFolders(database, library)
    inspection = InspectionService(jobs=jobs, library=library, announcer=announcer)
    scan_jobs = ScanJobs(jobs=jobs, announcer=announcer)
    clips = ClipService(jobs=jobs, store=store)
    proxies = ProxyService(
        library=library,
        jobs=jobs,
        store=store,
        recipe=_recipe(settings.media),
        spread_seconds=_spread_seconds(settings.jobs, database),
    )
    cutroom = Cutroom(
        **vars(ground),
        **vars(build_taking_in(ground, library)),
        library=library,
        watched=watched,
        watcher=FolderWatcher(watched, extensions=extensions, pace=Pace(settle=settings.library.settle_seconds)),
        inspection=inspection,
        scans=ScanService(database, announcer),
        scan_jobs=scan_jobs,
        schedules=Schedules(scan_jobs),
        results=Results(library),
        duplicates=KnownDuplicates(library),
        moments=Moments(data.moments, memory_bytes=settings.media.memory_mib << 20 or None),
        ondemand=OnDemand(database=database, jobs=jobs, store=store),
        proxies=proxies,
        downloads=DownloadService(
            database=database, library=library, proxies=proxies, store=store, scratch=data.scratch
        ),
        images=ImageService(proxies=proxies, store=store, scratch=data.scratch),
        clips=clips,
        delivery=build_delivery(settings.cdn, database, store),
        housekeeping=Housekeeping(
            database, store, rooms(library, proxies, clips), orphan_hours=settings.storage.orphan_hours
        ),
        retention=Retention(database, proxies, clips, settings.storage),
        webhooks=WebhookService(),
        deliveries=Deliveries(database, ground.client, **settings.webhooks.model_dump()),
    )
    jobs.register(_kinds(cutroom))
    for recurrence in maintenance.recurrences(cutroom):
        cutroom.recurring.register(recurrence)
    _connect(cutroom)
    return cutroom


def _connect(cutroom: Cutroom) -> None:
    """Subscribe the domains, and the webhooks, to what the others announce."""
    check = cutroom.settings.inspection.check
    subscribe(
        cutroom.announcer,
        library=cutroom.library,
        inspection=cutroom.inspection,
        check=None if check == "off" else Mode(check),
        proxies=cutroom.proxies,
        clips=cutroom.clips,
    )
    tell_webhooks(cutroom.announcer, cutroom.webhooks)


async def start(cutroom: Cutroom) -> None:
    """Bring the database to this version; call once a process, before anything else.

    Raises `db.newer` and `db.unreachable`.
    """
    sqlite_path = cutroom.data.database if cutroom.database.is_sqlite else None
    try:
        await upgrade(cutroom.database, sqlite_path=sqlite_path)
    except (OSError, DBAPIError) as error:
        if cutroom.database.is_sqlite:
            raise
        raise _unreachable(error) from error
    await asyncio.to_thread(cutroom.data.sweep)


def _unreachable(error: Exception) -> CutroomError:
    said = " ".join(str(getattr(error, "orig", error)).split())
    return CutroomError(
        "db.unreachable",
        f"The database cannot be used: {said}.",
        hint="Start it, or look at CUTROOM_DATABASE_URL.",
        kind=ErrorKind.UNAVAILABLE,
    )


def _recipe(media: MediaSettings) -> Recipe:
    return Recipe(
        version=VERSION,
        ladder=media.ladder,
        segment_seconds=Fraction(str(media.segment_seconds)),
        quality=media.quality,
    )


def _spread_seconds(jobs: JobsSettings, database: Database) -> float | None:
    """From which length on a ladder is encoded in parts; None: never."""
    wanted = jobs.spread == "always" or (jobs.spread == "auto" and not database.is_sqlite)
    return jobs.spread_minutes * 60 if wanted else None


def _kinds(cutroom: Cutroom) -> list[JobKind]:
    library, store, attempts = cutroom.library, cutroom.store, cutroom.settings.jobs.max_attempts
    return [
        *maintenance.kinds(cutroom),
        *library_tasks.kinds(library, max_attempts=attempts),
        *inspection_tasks.kinds(cutroom.inspection, library, max_attempts=attempts),
        *cutroom.scan_jobs.kinds(target=SCAN_TARGET, arguments=lambda: scan_arguments(cutroom.settings)),
        *proxy_tasks.kinds(cutroom.proxies, library, store, cutroom.jobs, max_attempts=attempts),
        *part_tasks.kinds(cutroom.proxies, library, store, cutroom.jobs, max_attempts=attempts),
        *spread_tasks.kinds(cutroom.proxies, library, store, max_attempts=attempts),
        *cutroom.fetching.kinds(max_attempts=attempts),
        *clip_tasks.kinds(cutroom.clips, library, store, cutroom.announcer, max_attempts=attempts),
    ]
