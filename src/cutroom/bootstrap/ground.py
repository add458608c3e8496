"""What everything stands on: the data directory, the database, the store, the job table, the cache, outgoing HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.accounts.service import AccountService
from cutroom.bootstrap.broker import Broker
from cutroom.bootstrap.coherence import Coherence
from cutroom.bootstrap.datadir import DataDirectory
from cutroom.bootstrap.settings import CacheSettings, Settings
from cutroom.bootstrap.stores import open_store
from cutroom.cache import TieredCache
from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database
from cutroom.db.location import refuse_network_share
from cutroom.db.statements import Statements
from cutroom.events.announce import Announcer
from cutroom.jobs.recurring import Recurring
from cutroom.jobs.service import JobService
from cutroom.net.addresses import Allowed
from cutroom.net.client import SafeClient
from cutroom.storage.port import ObjectStore
from cutroom.telemetry.sheets import Sheets


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The floors below the domains."""

    settings: Settings
    data: DataDirectory
    database: Database
    store: ObjectStore
    announcer: Announcer
    jobs: JobService
    recurring: Recurring
    broker: Broker | None
    accounts: AccountService
    client: SafeClient
    cache: TieredCache
    coherence: Coherence
    sheets: Sheets


def lay_ground(settings: Settings, *, direct: bool) -> Ground:
    """Create the data directory, and open nothing else. `direct` as for `container.build`."""
    data = DataDirectory(settings.data)
    data.create()
    database = _database(settings, data, direct=direct)
    cache = _cache(settings.cache)
    announcer = Announcer()
    return Ground(
        settings=settings,
        data=data,
        database=database,
        store=open_store(settings.storage, data.objects),
        announcer=announcer,
        jobs=JobService(database, announcer=announcer),
        recurring=Recurring(),
        broker=make_broker(settings),
        accounts=AccountService(database, **settings.accounts.model_dump()),
        client=SafeClient(Allowed.parse(settings.net.allow)),
        cache=cache,
        coherence=Coherence(database, cache),
        sheets=Sheets(data.numbers),
    )


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
