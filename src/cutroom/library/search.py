"""Search: what is asked becomes words, slips in them are forgiven, and domains contribute what is searched."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core.words import is_term, nearest, slips, terms_of, words_of
from cutroom.db.engine import Transaction
from cutroom.library import search_store
from cutroom.library.models import Video

_MOST_WORDS = 8
_LONGEST_WORD = 40
_MOST_NEAR = 5
_MOST_BEGUN = 50
_MOST_TEXT = 200_000  # characters of a text that are searched


class Kind(StrEnum):
    """The texts of a video; a hit in an earlier one counts more."""

    NAME = "name"
    TAGS = "tags"
    TRANSCRIPT = "transcript"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: a video is hit that has a word of every group, or one that begins like it."""

    groups: tuple[search_store.Group, ...]
    words: tuple[str, ...]  # as they were typed, or the nearest where they were corrected
    corrected: str | None  # the words that were taken instead, where nothing is called as it was typed
    hopeless: bool  # nothing can be hit: there are no words in it, or one that is like none that is known


async def understand(conn: AsyncConnection, asked: str) -> Question:
    """The question in `asked`; operators and other signs have no meaning in it."""
    words = list(dict.fromkeys(word[:_LONGEST_WORD] for word in words_of(asked)))[:_MOST_WORDS]
    groups = [await _group(conn, word) for word in words]
    taken = tuple(_taken(word, group) for word, group in zip(words, groups, strict=True) if group)
    whole = bool(words) and len(taken) == len(words)
    return Question(
        groups=tuple(groups) if whole else (),
        words=taken,
        corrected=" ".join(taken) if whole and list(taken) != words else None,
        hopeless=not whole,
    )


def _taken(word: str, group: search_store.Group) -> str:
    return word if group[0].startswith(word) else group[0]


async def add(conn: AsyncConnection, videos: Sequence[Video]) -> None:
    """Documents for new videos, in their order."""
    named = [(video, words_of(video.name)) for video in videos]
    rows = [
        {
            "video_id": video.id,
            "name": " ".join(words),
            "tags": " ".join(words_of(" ".join(video.tags))),
            "transcript": "",
        }
        for video, words in named
    ]
    await search_store.add(conn, rows)
    await search_store.learn(conn, {term for _, words in named for term in terms_of(words)}, slips)


async def contribute(tx: Transaction, video_id: str, kind: Kind, text: str) -> None:
    """Say what a video's text of a kind is now; whoever makes transcripts calls this with theirs."""
    words = words_of(text[:_MOST_TEXT])
    await search_store.change(tx.conn, video_id, {kind.value: " ".join(words)})
    await search_store.learn(tx.conn, set(terms_of(words)), slips)


async def _group(conn: AsyncConnection, word: str) -> search_store.Group:
    """The known words that begin like it; where there are none, those a slip away; a number's beginnings.

    A list of whole words is answered from the newest hit on, however common they are. A beginning that the index does
    not keep (more than four letters) has to be put together from every word that begins so, first.
    """
    if not is_term(word):
        return (f"{word}*",)
    begun = await search_store.terms_beginning(conn, word, most=_MOST_BEGUN + 1)
    if len(begun) > _MOST_BEGUN:
        return (f"{word}*",)
    return tuple(begun or nearest(word, await search_store.sharing_slips(conn, slips(word)), most=_MOST_NEAR))
