"""Who acts on which announcement. Handlers run inside the announcing transaction, in the order of this page."""

from __future__ import annotations

from cutroom.clips.service import ClipService
from cutroom.db.engine import Transaction
from cutroom.events.announce import Announcer
from cutroom.inspection.events import FilesInspected
from cutroom.inspection.service import InspectionService
from cutroom.inspection.verdicts import ScannedVerdicts
from cutroom.inspection.vocabulary import Mode
from cutroom.jobs.models import URGENT
from cutroom.library.events import (
    AssetDeleting,
    VideoDeleting,
    VideoHashed,
    VideoInspected,
    VideoOpened,
    VideosAdded,
)
from cutroom.library.models import ProxyState
from cutroom.library.service import LibraryService
from cutroom.proxies.service import ProxyService


def subscribe(
    announcer: Announcer,
    *,
    library: LibraryService,
    inspection: InspectionService,
    proxies: ProxyService,
    clips: ClipService,
    check: Mode | None,
) -> None:
    """What is added is inspected; what can be opened gets pictures, a ladder and a hash; what goes takes its own.

    `check` is the mode of the closer look at what was added; None: there is none.
    """
    scanned = ScannedVerdicts(inspection=inspection, library=library, announcer=announcer)

    async def added(tx: Transaction, event: VideosAdded) -> None:
        await inspection.enqueue_for(tx, event.videos)

    async def inspected(tx: Transaction, event: VideoInspected) -> None:
        # A look that finds the same again is no reason to begin what somebody has cancelled.
        if event.news or event.video.proxy_state is ProxyState.FAILED:
            await proxies.enqueue_for(tx, event.video)
        await library.hashing.enqueue_for(tx, event.video)
        if check is not None:
            await inspection.enqueue_check(tx, event.video, check)

    async def hashed(tx: Transaction, event: VideoHashed) -> None:
        if event.left_asset_id is not None:
            await proxies.asset_changed(tx, event.video)

    async def opened(tx: Transaction, event: VideoOpened) -> None:
        await proxies.enqueue_for(tx, event.video, priority=URGENT)

    async def deleting(tx: Transaction, event: VideoDeleting) -> None:
        await clips.video_deleting(tx, event.video)

    async def asset_deleting(tx: Transaction, event: AssetDeleting) -> None:
        await proxies.asset_deleting(tx, event.asset_id)

    announcer.subscribe(VideosAdded, added)
    announcer.subscribe(VideoInspected, inspected)
    announcer.subscribe(FilesInspected, scanned.take)
    announcer.subscribe(VideoHashed, hashed)
    announcer.subscribe(VideoOpened, opened)
    announcer.subscribe(VideoDeleting, deleting)
    announcer.subscribe(AssetDeleting, asset_deleting)
