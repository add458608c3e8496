"""Which object store the settings mean, and how its objects reach people."""

from __future__ import annotations

from pathlib import Path

from cutroom.bootstrap.settings import CdnSettings, StorageSettings
from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database
from cutroom.delivery.cloudfront import CloudFront, CloudFrontSettings
from cutroom.delivery.purging import NginxCache
from cutroom.delivery.service import DeliveryService
from cutroom.storage.local import LocalStore
from cutroom.storage.port import ObjectStore
from cutroom.storage.s3_place import S3Place


def open_store(settings: StorageSettings, objects: Path) -> ObjectStore:
    """The store of these settings, in or beside the folder `objects`; nothing is asked of a bucket yet.

    Raises `storage.bad-url`, and `storage.no-library` when S3 is wanted and its libraries are missing.
    """
    folder = Path(settings.root).expanduser() if settings.root else objects
    if not settings.url:
        return LocalStore(folder)
    place = S3Place.parse(settings.url, endpoint=settings.endpoint, region=settings.region)
    try:
        # Not above: who keeps everything on the disk neither has these libraries nor waits for them.
        from cutroom.storage.s3 import S3Store
    except ImportError as error:
        raise CutroomError(
            "storage.no-library",
            f"Keeping objects in a bucket needs a library that is not installed ({error.name}).",
            hint="Install it: pip install 'cutroom[s3]'",
        ) from error
    return S3Store(place, folder=folder, copies_bytes=int(settings.copies_gib * (1 << 30)))


def build_delivery(settings: CdnSettings, database: Database, store: ObjectStore) -> DeliveryService:
    """Signing and purging as the settings say. Raises `settings.invalid` when CloudFront lacks one of its names."""
    cloudfront = None
    if settings.signing == "cloudfront":
        for name in ("url", "key_pair", "key_file"):
            if not getattr(settings, name):
                raise CutroomError(
                    "settings.invalid",
                    f"CloudFront's cookies need the setting cdn.{name}.",
                    hint=f"Set CUTROOM_CDN_{name.upper()}, or CUTROOM_CDN_SIGNING=own.",
                )
        cloudfront = CloudFront(
            CloudFrontSettings(
                url=settings.url.rstrip("/"),
                key_pair_id=settings.key_pair,
                key_file=Path(settings.key_file).expanduser(),
                distribution_id=settings.distribution,
            )
        )
    return DeliveryService(
        database=database,
        store=store,
        seconds=int(settings.hours * 3600),
        cloudfront=cloudfront,
        nginx=NginxCache(Path(settings.cache_folder)) if settings.cache_folder else None,
    )
