"""Tags: words that people give to videos."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.core.errors import CutroomError
from cutroom.library.store import visible_to_account
from cutroom.library.tables import video_tags, videos

LONGEST, MOST = 40, 50
_MOST_LISTED = 500


def checked(tags: Sequence[str]) -> list[str]:
    """As they are kept: trimmed, each once whatever its case, in order. Raises `library.bad-tag`."""
    kept: dict[str, str] = {}
    for given in tags:
        tag = " ".join(unicodedata.normalize("NFC", given).split())
        if not 0 < len(tag) <= LONGEST or not tag.isprintable():
            raise CutroomError(
                "library.bad-tag", f"{given[:60]!r} is no tag.", hint=f"A tag has 1 to {LONGEST} letters."
            )
        kept.setdefault(tag.casefold(), tag)
    if len(kept) > MOST:
        raise CutroomError("library.bad-tag", f"A video has at most {MOST} tags.")
    return sorted(kept.values(), key=str.casefold)


async def replace(conn: AsyncConnection, video_id: str, tags: Sequence[str]) -> None:
    """Give a video these tags instead of the ones it has."""
    # Whoever else gives it tags at the same moment waits here, on PostgreSQL.
    await conn.execute(select(videos.c.id).where(videos.c.id == video_id).with_for_update())
    await conn.execute(delete(video_tags).where(video_tags.c.video_id == video_id))
    if tags:
        await conn.execute(insert(video_tags), [{"video_id": video_id, "tag": tag} for tag in tags])


async def known(conn: AsyncConnection, *, viewer: Principal | None) -> list[str]:
    """The tags of what `viewer` may see (None: all), in order. Steps from tag to tag, however many videos have each."""
    first = select(func.min(video_tags.c.tag).label("tag")).cte("steps", recursive=True)
    following = select(func.min(video_tags.c.tag)).where(video_tags.c.tag > first.c.tag).scalar_subquery()
    steps = first.union_all(select(following).where(first.c.tag.is_not(None)))
    query = select(steps.c.tag).where(steps.c.tag.is_not(None)).limit(_MOST_LISTED)
    if viewer is not None and not viewer.is_administrator:
        seen = select(literal(1)).select_from(video_tags.join(videos, videos.c.id == video_tags.c.video_id))
        query = query.where(seen.where(video_tags.c.tag == steps.c.tag, visible_to_account(viewer.account_id)).exists())
    return list((await conn.execute(query)).scalars())
