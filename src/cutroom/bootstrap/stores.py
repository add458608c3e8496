"""Which object store the settings mean."""

from __future__ import annotations

from pathlib import Path

from cutroom.bootstrap.settings import StorageSettings
from cutroom.core.errors import CutroomError
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
