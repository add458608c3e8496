"""What the store holds, and cleaning it up."""

from __future__ import annotations

from fastapi import APIRouter

from cutroom.api.access import Administrator, Services, Visitor
from cutroom.api.schemas.storage import KindUsage, StorageSwept, StorageUsage, SweepAsked

router = APIRouter(prefix="/api/storage", tags=["storage"])


@router.get("/usage")
async def storage_usage(services: Services, caller: Administrator) -> StorageUsage:
    """Objects and bytes by kind. Every object is looked at, so this takes a while where there are millions."""
    found = await services.housekeeping.usage()
    kinds = [KindUsage(kind=one.kind, objects=one.objects, bytes=one.bytes) for one in found]
    return StorageUsage(kinds=kinds, objects=sum(one.objects for one in kinds), bytes=sum(one.bytes for one in kinds))


@router.post("/sweep")
async def sweep_storage(services: Services, caller: Administrator, visitor: Visitor, asked: SweepAsked) -> StorageSwept:
    """Remove what is too old by the settings, and objects that nothing refers to; `dry_run` only says what that is."""
    expired = await services.retention.apply(dry_run=asked.dry_run)
    swept = await services.housekeeping.sweep(dry_run=asked.dry_run)
    if not asked.dry_run:
        async with services.database.transaction() as tx:
            detail = {"objects": swept.objects, "bytes": swept.bytes}
            await services.accounts.audit.record(tx, caller, "storage.sweep", "storage", visitor, **detail)
    return StorageSwept(
        dry_run=swept.dry_run,
        proxies_expired=expired.proxies,
        clips_expired=expired.clips,
        orphans=swept.objects,
        orphan_bytes=swept.bytes,
        orphan_owners=swept.owners,
        unfinished=swept.unfinished,
    )
