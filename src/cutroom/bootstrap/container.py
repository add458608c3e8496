"""Build every object from settings, once a process, and subscribe the domains to each other's events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from cutroom.accounts.service import AccountService
from cutroom.bootstrap import maintenance
from cutroom.bootstrap.broker import Broker
from cutroom.bootstrap.coherence import Coherence
from cutroom.bootstrap.datadir import DataDirectory
from cutroom.bootstrap.keeping import Retention, rooms
from cutroom.bootstrap.scan_child import TARGET as SCAN_TARGET
from cutroom.bootstrap.scan_child import arguments as scan_arguments
from cutroom.bootstrap.settings import CacheSettings, JobsSettings, MediaSettings, Settings, UploadsSettings
from cutroom.bootstrap.stores import build_delivery, open_store
from cutroom.bootstrap.telling import tell_webhooks
from cutroom.bootstrap.wiring import subscribe
from cutroom.cache import TieredCache
from cutroom.clips import tasks as clip_tasks
from cutroom.clips.service import ClipService
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.engine import Database
from cutroom.db.location import refuse_network_share
from cutroom.db.statements import Statements
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
from cutroom.jobs.recurring import Recurring
from cutroom.jobs.service import JobService
from cutroom.library import tasks as library_tasks
from cutroom.library.service import LibraryService
from cutroom.library.watched import WatchedFolders
from cutroom.library.watching import FolderWatcher, Pace
from cutroom.net.addresses import Allowed
from cutroom.net.client import SafeClient
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
from cutroom.storage.port import ObjectStore
from cutroom.telemetry.sheets import Sheets
from cutroom.uploads.chunked import ChunkedForms
from cutroom.uploads.fetching import Fetching
from cutroom.uploads.handover import Handover
from cutroom.uploads.quota import Quota
from cutroom.uploads.resumable import ResumableUploads
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
    recurring: Recurring
    broker: Broker | None
    accounts: AccountService
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
    uploads: UploadService
    delivery: DeliveryService
    housekeeping: Housekeeping
    retention: Retention
    resumable: ResumableUploads
    chunked: ChunkedForms
    fetching: Fetching
    client: SafeClient
    webhooks: WebhookService
    deliveries: Deliveries
    cache: TieredCache
    coherence: Coherence
    sheets: Sheets


def build(settings: Settings, *, direct: bool = False) -> Cutroom:
    """Everything, from settings; creates the data directory and opens nothing else. `start` prepares the database.

    `direct` is for a process whose event loop answers nobody else while SQLite works: the runner, a command.
    """
    data = DataDirectory(settings.data)
    data.create()
    database = _database(settings, data, direct=direct)
    store = open_store(settings.storage, data.objects)
    cache = _cache(settings.cache)
    announcer = Announcer()
    jobs = JobService(database, announcer=announcer)
    client = SafeClient(Allowed.parse(settings.net.allow))
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
    handover = Handover(database=database, library=library, store=store)
    quota = _quota(settings.uploads, library, data.scratch)
    resumable = ResumableUploads(
        database=database,
        handover=handover,
        quota=quota,
        scratch=data.scratch,
        keep_hours=settings.uploads.keep_hours,
        stall_seconds=settings.uploads.stall_seconds,
    )
    cutroom = Cutroom(
        settings=settings,
        data=data,
        database=database,
        store=store,
        announcer=announcer,
        jobs=jobs,
        recurring=Recurring(),
        broker=make_broker(settings),
        accounts=AccountService(database, **settings.accounts.model_dump()),
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
        uploads=UploadService(database=database, handover=handover, quota=quota, scratch=data.scratch),
        resumable=resumable,
        chunked=ChunkedForms(resumable, scratch=data.scratch),
        fetching=Fetching(
            jobs=jobs,
            client=client,
            handover=handover,
            quota=quota,
            scratch=data.scratch,
            allow=settings.net.allow,
            hours=settings.uploads.fetch_hours,
        ),
        delivery=build_delivery(settings.cdn, database, store),
        housekeeping=Housekeeping(
            database, store, rooms(library, proxies, clips), orphan_hours=settings.storage.orphan_hours
        ),
        retention=Retention(database, proxies, clips, settings.storage),
        client=client,
        webhooks=WebhookService(),
        deliveries=Deliveries(database, client, **settings.webhooks.model_dump()),
        cache=cache,
        coherence=Coherence(database, cache),
        sheets=Sheets(data.numbers),
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


def make_broker(settings: Settings) -> Broker | None:
    """The broker that the settings name, if any. Raises `broker.url-unknown` and `broker.needs-postgres`."""
    if not settings.broker.url:
        return None
    if not settings.database.url.startswith("postgres"):
        raise CutroomError(
            "broker.needs-postgres",
            "A broker is set, but the database is a SQLite file, which workers on other machines cannot use.",
            hint="Set CUTROOM_DATABASE_URL to postgresql://USER@HOST/NAME, or leave CUTROOM_BROKER_URL empty.",
        )
    return Broker(settings.broker.url)


def _database(settings: Settings, data: DataDirectory, *, direct: bool) -> Database:
    if not settings.database.url:
        refuse_network_share(data.root)
    return Database(
        settings.database.url or f"sqlite:///{data.database}",
        pooling=settings.database.pooling(),
        direct=direct,
        statements=Statements(data.slow, slow_seconds=settings.database.slow_ms / 1000),
    )


def _cache(settings: CacheSettings) -> TieredCache:
    return TieredCache(
        max_bytes=settings.memory_mib << 20,
        redis_url=settings.url or None,
        redis_seconds=settings.patience_ms / 1000,
    )


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


def _quota(uploads: UploadsSettings, library: LibraryService, scratch: Path) -> Quota:
    max_bytes, account_bytes = (int(gib * (1 << 30)) for gib in (uploads.max_gib, uploads.account_gib))
    return Quota(library, scratch=scratch, max_bytes=max_bytes, account_bytes=account_bytes)


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
