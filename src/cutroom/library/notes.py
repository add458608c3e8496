"""How a change of a video is told to the pages."""

from __future__ import annotations

from collections.abc import Sequence

from cutroom.accounts.models import account_tag
from cutroom.db.engine import Transaction
from cutroom.events import service as events
from cutroom.events.models import Note
from cutroom.library.models import Video, row_document

TOPIC = "video.changed"


async def tell_changed(tx: Transaction, videos: Sequence[Video]) -> None:
    """Append each video's row as it is now."""
    tx.touch(*(account_tag(one.owner_id) for one in videos if one.owner_id is not None))
    await events.append_many(
        tx,
        [Note(topic=TOPIC, subject=one.id, audience=one.audience, payload=row_document(one)) for one in videos],
    )


async def tell_deleted(tx: Transaction, video: Video) -> None:
    """Append that a video is gone."""
    if video.owner_id is not None:
        tx.touch(account_tag(video.owner_id))
    await events.append(tx, TOPIC, video.id, video.audience, {"id": video.id, "deleted": True})
