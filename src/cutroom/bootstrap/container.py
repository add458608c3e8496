"""Build every object from settings, once a process, and subscribe the domains to each other's events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fractions import Fraction

from cutroom.accounts.service import AccountService
from cutroom.bootstrap.datadir import DataDirectory
from cutroom.bootstrap.keeping import Retention, rooms
from cutroom.bootstrap.scan_child import TARGET as SCAN_TARGET
from cutroom.bootstrap.scan_child import arguments as scan_arguments
from cutroom.bootstrap.settings import MediaSettings, Settings
from cutroom.bootstrap.stores import build_delivery, open_store
from cutroom.bootstrap.telling import tell_webhooks
from cutroom.bootstrap.wiring import subscribe
from cutroom.clips import tasks as clip_tasks
from cutroom.clips.service import ClipService
from cutroom.db.engine import Database
from cutroom.db.location import refuse_network_share
from cutroom.db.upgrade import upgrade
from cutroom.delivery.service import DeliveryService
from cutroom.events.announce import Announcer
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
from cutroom.jobs.service import JobService
from cutroom.library import tasks as library_tasks
from cutroom.library.service import LibraryService
from cutroom.net.addresses import Allowed
from cutroom.net.client import SafeClient
from cutroom.net.webhooks.delivering import Deliveries
from cutroom.net.webhooks.service import WebhookService
from cutroom.proxies import tasks as proxy_tasks
from cutroom.proxies import tasks_parts as part_tasks
from cutroom.proxies.downloads import DownloadService
from cutroom.proxies.images import ImageService
from cutroom.proxies.models import Recipe
from cutroom.proxies.ondemand import OnDemand
from cutroom.proxies.recipe import VERSION
from cutroom.proxies.service import ProxyService
from cutroom.storage.housekeeping import Housekeeping
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
    uploads: UploadService
    delivery: DeliveryService
    housekeeping: Housekeeping
    retention: Retention
    client: SafeClient
    webhooks: WebhookService
    deliveries: Deliveries


def build(settings: Settings) -> Cutroom:
    """Everything, from settings; creates the data directory and opens nothing else. `start` prepares the database."""
    data = DataDirectory(settings.data)
    data.create()
    database = _database(settings, data)
    store = open_store(settings.storage, data.objects)
    announcer = Announcer()
    jobs = JobService(database, announcer=announcer)
    client = SafeClient(Allowed.parse(settings.net.allow))
    library = LibraryService(
        database=database,
        store=store,
        jobs=jobs,
        announcer=announcer,
        scratch=data.scratch,
        extensions=frozenset(one.lower().lstrip(".") for one in settings.library.extensions),
    )
    inspection = InspectionService(jobs=jobs, library=library, announcer=announcer)
    scan_jobs = ScanJobs(jobs=jobs, announcer=announcer)
    clips = ClipService(jobs=jobs, store=store)
    proxies = ProxyService(library=library, jobs=jobs, store=store, recipe=_recipe(settings.media))
    cutroom = Cutroom(
        settings=settings,
        data=data,
        database=database,
        store=store,
        announcer=announcer,
        jobs=jobs,
        accounts=AccountService(database, **settings.accounts.model_dump()),
        library=library,
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
        uploads=UploadService(
            database=database,
            library=library,
            store=store,
            scratch=data.scratch,
            max_bytes=int(settings.uploads.max_gib * (1 << 30)),
        ),
        delivery=build_delivery(settings.cdn, database, store),
        housekeeping=Housekeeping(
            database, store, rooms(library, proxies, clips), orphan_hours=settings.storage.orphan_hours
        ),
        retention=Retention(database, proxies, clips, settings.storage),
        client=client,
        webhooks=WebhookService(),
        deliveries=Deliveries(database, client, **settings.webhooks.model_dump()),
    )
    jobs.register(_kinds(cutroom))
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


def _database(settings: Settings, data: DataDirectory) -> Database:
    if not settings.database.url:
        refuse_network_share(data.root)
    return Database(
        settings.database.url or f"sqlite:///{data.database}",
        pool_size=settings.database.pool_size,
        busy_seconds=settings.database.busy_seconds,
    )


async def start(cutroom: Cutroom) -> None:
    """Bring the database to this version; call once a process, before anything else. Raises `db.newer`."""
    sqlite_path = cutroom.data.database if cutroom.database.is_sqlite else None
    await upgrade(cutroom.database, sqlite_path=sqlite_path)
    await asyncio.to_thread(cutroom.data.sweep)


def _recipe(media: MediaSettings) -> Recipe:
    return Recipe(
        version=VERSION,
        ladder=media.ladder,
        segment_seconds=Fraction(str(media.segment_seconds)),
        quality=media.quality,
    )


def _kinds(cutroom: Cutroom) -> list[JobKind]:
    library, store, attempts = cutroom.library, cutroom.store, cutroom.settings.jobs.max_attempts
    return [
        *library_tasks.kinds(library, max_attempts=attempts),
        *inspection_tasks.kinds(cutroom.inspection, library, max_attempts=attempts),
        *cutroom.scan_jobs.kinds(target=SCAN_TARGET, arguments=lambda: scan_arguments(cutroom.settings)),
        *proxy_tasks.kinds(cutroom.proxies, library, store, max_attempts=attempts),
        *part_tasks.kinds(cutroom.proxies, library, store, max_attempts=attempts),
        *clip_tasks.kinds(cutroom.clips, library, store, cutroom.announcer, max_attempts=attempts),
    ]
