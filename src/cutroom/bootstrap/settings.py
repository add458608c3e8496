"""Every setting, typed and grouped by domain; read here and nowhere else.

`CUTROOM_SERVER_PORT=9000` is `[server] port = 9000` in `cutroom.toml` of the data directory, or in the file that
`CUTROOM_CONFIG` names. The environment wins over the file.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from cutroom.core.errors import CutroomError
from cutroom.db.pooling import Pooling

VIDEO_EXTENSIONS = (
    "3g2,3gp,asf,avi,divx,dv,f4v,flv,gxf,m1v,m2p,m2t,m2ts,m2v,m4v,mkv,mod,mov,mp4,mpe,mpeg,mpg,mts,mxf,nut,ogm,ogv,"
    "qt,rm,rmvb,tod,ts,vob,webm,wmv,wtv"
)


def _split(value: object) -> object:
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list that the environment gives with commas."""


class Group(BaseModel):
    """Base of every group: a name that does not exist is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(Group):
    """Where rows are kept."""

    url: str = Field(default="", description="postgresql://USER@HOST/NAME; empty: SQLite in the data directory")
    pool_size: int = Field(default=5, ge=1, le=100, description="Connections kept open by each process")
    pool_overflow: int = Field(default=5, ge=0, le=100, description="Connections opened besides, when all are in use")
    pool_wait_seconds: float = Field(default=10.0, gt=0, description="How long a request waits for a connection")
    pool_recycle_seconds: float = Field(
        default=1800.0, gt=0, description="Age at which a connection to PostgreSQL is opened anew"
    )
    pool_pre_ping: bool = Field(default=True, description="Ask PostgreSQL whether a connection lives before using it")
    busy_seconds: float = Field(default=10.0, gt=0, description="How long SQLite waits for another writer")
    query_seconds: float = Field(default=30.0, ge=0, description="The longest that one statement may take; 0: no limit")
    slow_ms: float = Field(default=100.0, ge=0, description="Statements that take longer are written to the slow log")

    def pooling(self) -> Pooling:
        """As the database takes it."""
        return Pooling(
            size=self.pool_size,
            overflow=self.pool_overflow,
            wait_seconds=self.pool_wait_seconds,
            recycle_seconds=self.pool_recycle_seconds,
            pre_ping=self.pool_pre_ping,
            busy_seconds=self.busy_seconds,
            query_seconds=self.query_seconds,
        )

    backup_days: float = Field(
        default=1.0, ge=0, description="Days between copies of the SQLite database, of which seven are kept; 0: none"
    )


class BrokerSettings(Group):
    """Telling workers on other machines that there is something to do."""

    url: str = Field(
        default="",
        description="redis://HOST/0, rediss://…, amqp://USER:PASSWORD@HOST or amqps://…; empty: one machine does all",
    )


class ServerSettings(Group):
    """The HTTP server."""

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8400, ge=0, le=65535, description="Port to listen on; 0: any free one")
    workers: int = Field(default=1, ge=1, le=64, description="Server processes")
    allowed_hosts: Words = Field(default=(), description="Host names to answer to besides loopback names; * for any")
    cors_origins: Words = Field(default=(), description="Origins of other sites that may call the API")
    trusted_proxies: Words = Field(default=(), description="Addresses whose X-Forwarded-* headers are believed")
    media_port: int = Field(
        default=0, ge=0, le=65535, description="A second port that serves signed media by sendfile; 0: none"
    )
    accel: str = Field(
        default="",
        pattern=r"^(/[\w/-]*/)?$",
        description="Path that nginx maps to the root of the disk for X-Accel-Redirect: /cutroom-files/; empty: off",
    )
    public_url: str = Field(default="", description="How people reach the server, when a proxy stands before it")
    metrics_token: str = Field(
        default="", description="What a scraper of /metrics shows as a bearer token; empty: administrators only"
    )
    tls_certificate: str = Field(default="", description="PEM file of the certificate chain: HTTPS, with HTTP/2")
    tls_key: str = Field(default="", description="PEM file of the certificate's key")


class CacheSettings(Group):
    """Kept answers and values."""

    url: str = Field(
        default="",
        pattern=r"^((redis|rediss|unix)://.+)?$",
        description="redis://HOST:PORT/0 that all processes share; empty: each keeps its own",
    )
    memory_mib: int = Field(default=64, ge=1, description="Memory for values, in each process")
    answers_mib: int = Field(default=32, ge=1, description="Memory for kept answers, in each process")
    patience_ms: float = Field(default=20.0, gt=0, description="How long Redis may be silent before it is left alone")


class LimitsSettings(Group):
    """How often one may ask; 0: as often as one likes."""

    account: float = Field(default=200.0, ge=0, description="Requests a second of one account, on average")
    account_burst: float = Field(default=2000.0, ge=1, description="Requests of one account at once")
    address: float = Field(default=1000.0, ge=0, description="Requests a second of one address, on average")
    address_burst: float = Field(default=5000.0, ge=1, description="Requests of one address at once")


class AccountsSettings(Group):
    """People, their sessions and tokens."""

    session_days: int = Field(default=30, ge=1, le=365, description="Days until an unused session ends")
    session_longest_days: int = Field(default=365, ge=1, description="Days until a session ends though it is used")
    password_length: int = Field(default=10, ge=8, le=128, description="Fewest characters of a new password")
    link_minutes: int = Field(default=60, ge=1, description="Minutes until a printed one-time link ends")


class JobsSettings(Group):
    """The job runner."""

    lease_seconds: float = Field(
        default=6.0, ge=2, description="Seconds after which a silent runner's job is given away"
    )
    max_attempts: int = Field(default=3, ge=1, le=20, description="Tries before a job has failed")
    keep_days: float = Field(default=30.0, gt=0, description="Days until a job that is over is forgotten")
    inspect: int = Field(default=0, ge=0, description="Inspections at once; 0: one for each core")
    io: int = Field(default=1, ge=1, description="Files hashed at once")
    preview: int = Field(default=0, ge=0, description="Thumbnails at once; 0: one for each two cores")
    scan: int = Field(default=0, ge=0, description="Files that a scan reads at once; 0: one for each core but one")
    ondemand: int = Field(
        default=4, ge=2, description="Videos of which missing parts are made for players at once, kept apart for them"
    )
    encode: int = Field(default=1, ge=1, description="Ladders at once; one uses every core already")
    clip: int = Field(default=1, ge=1, description="Cuts at once")
    ai: int = Field(default=1, ge=1, description="Works of models at once")
    spread: Literal["auto", "always", "never"] = Field(
        default="auto", description="Encode long footage in parts that workers share; auto: where PostgreSQL is used"
    )
    spread_minutes: float = Field(default=10.0, ge=0, description="Length from which on footage counts as long")


class InspectionSettings(Group):
    """Looking for damage."""

    check: Literal["off", "standard", "hybrid", "deep", "full"] = Field(
        default="standard", description="The closer look at every added video when there is nothing else to do"
    )


class MediaSettings(Group):
    """Decoding untrusted files, and what is made of them."""

    ladder: str = Field(
        default="auto",
        pattern=r"^(auto|full|\d+(,\d+)*)$",
        description="Proxy heights: auto (720, 480, 240), full, or a list",
    )
    quality: Literal["small", "balanced", "fine"] = Field(
        default="balanced", description="How proxies weigh looks against size"
    )
    segment_seconds: float = Field(default=4.0, ge=1, le=30, description="Length of a proxy segment")
    memory_mib: int = Field(
        default=0,
        ge=0,
        description="Address space of a decoding process before it is stopped; 0: generous, by the cores",
    )


class StorageSettings(Group):
    """Where originals and everything derived are kept."""

    root: str = Field(default="", description="Folder of the object store; empty: objects/ in the data directory")
    url: str = Field(
        default="",
        pattern=r"^(s3://.+)?$",
        description="s3://BUCKET/PREFIX: objects in a bucket, with local copies in `root`; empty: on the disk",
    )
    endpoint: str = Field(default="", description="Address of an S3 service that is not AWS: https://s3.example.com")
    region: str = Field(default="", description="Region of the bucket; empty: as the AWS environment says")
    copies_gib: float = Field(default=50.0, gt=0, description="Local copies of a bucket's objects, in GiB")
    delivery: Literal["stream", "redirect"] = Field(
        default="stream",
        description="How a bucket's objects reach browsers: through this server, or straight from signed addresses",
    )
    retention: Literal["off", "seed"] = Field(
        default="off",
        description="seed: proxies go after 30 days, clips after 7; off: as proxy_days and clip_days say",
    )
    proxy_days: float = Field(default=0.0, ge=0, description="Days until a finished proxy is removed; 0: never")
    clip_days: float = Field(default=0.0, ge=0, description="Days until a clip is removed; 0: never")
    orphan_hours: float = Field(
        default=24.0, ge=1, description="Hours after which an object that nothing refers to is removed"
    )


class CdnSettings(Group):
    """A content delivery network before the server."""

    url: str = Field(
        default="", pattern=r"^(https?://[^\s?#]+)?$", description="Where URLs of media lead; empty: to this server"
    )
    signing: Literal["own", "cloudfront"] = Field(
        default="own", description="own: a token in the path; cloudfront: cookies that CloudFront checks"
    )
    hours: float = Field(default=12.0, gt=0, le=168, description="How long a signature is good for at least")
    key_pair: str = Field(default="", description="Id of CloudFront's public key")
    key_file: str = Field(default="", description="PEM file with the private key that belongs to it")
    distribution: str = Field(default="", description="Id of the CloudFront distribution, for invalidations")
    cookie_domain: str = Field(
        default="", description="Domain of CloudFront's cookies, above this server's and the distribution's names"
    )
    origin_secret: str = Field(
        default="", description="What CloudFront sends as X-Cutroom-Origin when this server is its origin"
    )
    cache_folder: str = Field(default="", description="proxy_cache_path of an nginx on this machine, to purge from")


class LibrarySettings(Group):
    """Videos."""

    extensions: Words = Field(
        default=tuple(VIDEO_EXTENSIONS.split(",")), description="File name endings that a folder scan takes for footage"
    )
    settle_seconds: float = Field(
        default=5.0, gt=0, description="Seconds without a change until a file in a watched folder is added"
    )
    sample: bool = Field(default=True, description="Make a minute of sample footage on the first start")


class UploadsSettings(Group):
    """Files sent to the server."""

    max_gib: float = Field(default=100.0, gt=0, description="Largest file taken, in GiB")
    account_gib: float = Field(
        default=0.0, ge=0, description="Most that one account may have uploaded, in GiB; 0: no limit"
    )
    keep_hours: float = Field(
        default=168.0, gt=0, description="Hours until an upload that nobody goes on with is forgotten"
    )
    stall_seconds: float = Field(
        default=60.0, gt=0, le=3600, description="Seconds in which a body has to bring 64 KiB, or it is ended"
    )
    fetch_hours: float = Field(default=24.0, gt=0, description="Hours that fetching one URL may take")


class NetSettings(Group):
    """Requests that the server makes."""

    allow: Words = Field(
        default=(), description="Networks and host names it may reach though they are not public: 10.0.0.0/8, localhost"
    )


class WebhooksSettings(Group):
    """Telling other programs what happened."""

    timeout_seconds: float = Field(default=15.0, ge=1, le=60, description="How long a receiver may take to answer")
    keep_days: float = Field(default=30.0, ge=1, le=3650, description="Days until a delivery is forgotten")
    give_up_hours: float = Field(
        default=120.0, ge=1, description="Hours of nothing but failures after which a webhook is turned off"
    )


def default_data() -> Path:
    """The data directory by the XDG rules (~/.local/share/cutroom) or the system's equivalent."""
    return Path(platformdirs.user_data_dir("cutroom", appauthor=False))


class Settings(BaseSettings):
    """The effective settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix="CUTROOM_", env_nested_delimiter="_", env_nested_max_split=1, extra="ignore", frozen=True
    )

    data: Path = Field(default_factory=default_data, description="The data directory")
    database: DatabaseSettings = DatabaseSettings()
    broker: BrokerSettings = BrokerSettings()
    server: ServerSettings = ServerSettings()
    cache: CacheSettings = CacheSettings()
    limits: LimitsSettings = LimitsSettings()
    accounts: AccountsSettings = AccountsSettings()
    jobs: JobsSettings = JobsSettings()
    inspection: InspectionSettings = InspectionSettings()
    media: MediaSettings = MediaSettings()
    storage: StorageSettings = StorageSettings()
    cdn: CdnSettings = CdnSettings()
    library: LibrarySettings = LibrarySettings()
    uploads: UploadsSettings = UploadsSettings()
    net: NetSettings = NetSettings()
    webhooks: WebhooksSettings = WebhooksSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed by hand, then the environment, then the file; no .env is looked for."""
        return (init_settings, env_settings)


def load(data: Path | None = None) -> Settings:
    """The effective settings for a data directory: `data` when given (`--data`), else CUTROOM_DATA, else XDG's.

    Raises `settings.invalid` with the setting's name, and `settings.unreadable` for a broken file.
    """
    folder = data or Path(os.environ.get("CUTROOM_DATA") or default_data())
    named = os.environ.get("CUTROOM_CONFIG")
    from_file = _read_toml(Path(named) if named else folder / "cutroom.toml", required=named is not None)

    unknown = sorted(from_file.keys() - Settings.model_fields.keys())
    if unknown:
        groups = ", ".join(name for name in Settings.model_fields if name != "data")
        raise CutroomError(
            "settings.invalid",
            f"There is no group of settings {unknown[0]!r}.",
            hint=f"The groups of cutroom.toml are {groups}.",
        )

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (named["init_settings"], named["env_settings"], InitSettingsSource(settings_cls, from_file))

    try:
        return FromFile(data=folder.expanduser().absolute())
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        variable = "CUTROOM_" + name.replace(".", "_").upper()
        raise CutroomError(
            "settings.invalid",
            f"The setting {name} cannot be {first['input']!r}: {first['msg']}.",
            hint=f"Look at {variable} in the environment and at {name} in cutroom.toml.",
        ) from error


def _read_toml(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if not required:
            return {}
        raise CutroomError("settings.unreadable", f"There is no settings file {str(path)!r}.") from None
    except (OSError, ValueError) as error:
        raise CutroomError(
            "settings.unreadable", f"The settings file {str(path)!r} cannot be read: {error}."
        ) from error
