"""Cleaning up the store gives the same answers on both databases."""

from __future__ import annotations

import time
from pathlib import Path

from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.keeping import Retention
from cutroom.bootstrap.settings import StorageSettings
from cutroom.clips.models import ClipState
from cutroom.clips.tables import clips
from cutroom.core import clock
from cutroom.library.models import ProxyState, Visibility
from cutroom.proxies import store as ladders
from cutroom.proxies.models import Preview, PreviewKind

DAY = 24 * 3600 * clock.SECOND


def put(cutroom: Cutroom, key: str, content: bytes = b"12345") -> None:
    path = cutroom.data.scratch / "made"
    path.write_bytes(content)
    cutroom.store.adopt(key, path)


async def stored(cutroom: Cutroom, video_id: str) -> str:
    """A stored video with a ladder, a preview and a clip; its asset."""
    put(cutroom, f"originals/{video_id}/a.mp4")
    async with cutroom.database.transaction() as tx:
        video = await cutroom.library.add_stored(
            tx,
            video_id=video_id,
            key=f"originals/{video_id}/a.mp4",
            name="a.mp4",
            owner_id=None,
            visibility=Visibility.SHARED,
        )
        asset_id = video.asset_id
        await ladders.begin(tx.conn, asset_id, "recipe")
        await ladders.change(tx.conn, asset_id, "recipe", {"state": "ready", "finished_at": clock.now() - 31 * DAY})
        prefix = f"previews/{asset_id}/recipe/job_1-1"
        preview = Preview(asset_id=asset_id, kind=PreviewKind.THUMBNAILS, prefix=prefix, detail={}, created_at=1)
        await ladders.put_preview(tx.conn, preview)
        row = {"id": f"clp_{video_id}", "video_id": video_id, "name": "c.mp4", "mode": "smart", "in_frame": 0}
        row |= {"out_frame": 9, "padding_num": 0, "padding_den": 1, "state": ClipState.READY.value}
        row |= {"object_key": f"clips/clp_{video_id}/2/c.mp4", "created_at": clock.now() - 8 * DAY}
        await tx.conn.execute(clips.insert(), row)
    put(cutroom, f"proxies/{asset_id}/recipe/720/00000.m4s")
    put(cutroom, f"previews/{asset_id}/recipe/job_1-1/thumb-320.jpg")
    put(cutroom, f"clips/clp_{video_id}/2/c.mp4")
    return asset_id


def keys(cutroom: Cutroom) -> set[str]:
    return {one.key for room in ("originals", "proxies", "previews", "clips") for one in cutroom.store.list(room)}


async def test_only_what_is_old_and_has_no_owner_goes(cutroom: Cutroom) -> None:
    asset_id = await stored(cutroom, "vid_1")
    kept = keys(cutroom)
    orphans = {
        "originals/vid_gone/b.mp4",
        "proxies/ast_gone/recipe/720/00000.m4s",
        f"proxies/{asset_id}/old-recipe/720/00000.m4s",
        f"previews/{asset_id}/recipe/job_0-1/thumb-320.jpg",
        "clips/clp_vid_1/1/c.mp4",
        "clips/clp_gone/1/c.mp4",
    }
    for key in orphans:
        put(cutroom, key)
    young = await cutroom.housekeeping.sweep(dry_run=False)
    assert (young.objects, keys(cutroom)) == (0, kept | orphans)

    tomorrow = time.time() + 25 * 3600
    told = await cutroom.housekeeping.sweep(dry_run=True, now=tomorrow)
    assert (told.objects, told.bytes, keys(cutroom)) == (6, 30, kept | orphans)
    done = await cutroom.housekeeping.sweep(dry_run=False, now=tomorrow)
    assert (done.objects, keys(cutroom)) == (6, kept)
    usage = {one.kind: (one.objects, one.bytes) for one in await cutroom.housekeeping.usage()}
    assert usage == {"originals": (1, 5), "previews": (1, 5), "proxies": (1, 5), "clips": (1, 5)}


async def test_an_attempt_that_still_writes_keeps_its_folder(cutroom: Cutroom) -> None:
    put(cutroom, "proxies/ast_new/recipe/720/00000.m4s")
    path: Path = cutroom.store.local_path("proxies/ast_new/recipe/720/00001.m4s")
    path.write_bytes(b"now")
    swept = await cutroom.housekeeping.sweep(dry_run=False, now=time.time() + 23 * 3600)
    assert (swept.objects, path.exists()) == (0, True)


async def test_retention_is_off_until_asked_for_and_spares_originals(cutroom: Cutroom) -> None:
    await stored(cutroom, "vid_1")
    before = keys(cutroom)
    expired = await cutroom.retention.apply(dry_run=False)
    assert (expired.proxies, expired.clips, keys(cutroom)) == (0, 0, before)

    seed = Retention(cutroom.database, cutroom.proxies, cutroom.clips, StorageSettings(retention="seed"))
    told = await seed.apply(dry_run=True)
    assert (told.proxies, told.clips, keys(cutroom)) == (1, 1, before)
    done = await seed.apply(dry_run=False)
    assert (done.proxies, done.clips) == (1, 1)
    assert {key.split("/")[0] for key in keys(cutroom)} == {"originals", "previews"}
    async with cutroom.database.read() as conn:
        video = await cutroom.library.get(conn, "vid_1", viewer=None)
    assert video.proxy_state is ProxyState.NONE
