"""SQL of search: the documents, the words that are known, and which videos a question hits.

On SQLite an FTS5 table follows `search_documents` by triggers; on PostgreSQL a column of lexemes does. Places ascend as
videos are added, so the newest hits come first without any sorting.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    case,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.db.bulk import insert_rows
from cutroom.db.upsert import insert_new
from cutroom.library.search_tables import documents, known_slips, known_terms
from cutroom.library.tables import videos

_AT_ONCE = 500
_words = table("search_words", column("rowid", Integer()))

Group = tuple[str, ...]
"""Words of which one has to be there; one that ends with `*` stands for all that begin so."""


async def add(conn: AsyncConnection, rows: Sequence[dict[str, str]]) -> None:
    """New documents: {video_id, name, tags, transcript}, each text as words with spaces between them."""
    await insert_rows(conn, documents, rows)


async def change(conn: AsyncConnection, video_id: str, values: dict[str, str]) -> None:
    """Set texts of a document."""
    await conn.execute(update(documents).where(documents.c.video_id == video_id).values(values))


async def learn(conn: AsyncConnection, terms: Collection[str], slips_of: Any) -> None:
    """Remember words so that slips in them are forgiven. In order, so that two who learn the same do not block."""
    wanted = sorted(terms)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        there = set((await conn.execute(select(known_terms.c.term).where(known_terms.c.term.in_(some)))).scalars())
        new = [term for term in some if term not in there]
        if new:
            await conn.execute(insert_new(conn, known_terms), [{"term": term} for term in new])
            pairs = [{"slip": slip, "term": term} for term in new for slip in sorted(slips_of(term))]
            await conn.execute(insert_new(conn, known_slips), pairs)


async def terms_beginning(conn: AsyncConnection, word: str, *, most: int) -> list[str]:
    """The first known words that begin like this."""
    found = select(known_terms.c.term).where(known_terms.c.term >= word).order_by(known_terms.c.term).limit(most)
    return [term for term in (await conn.execute(found)).scalars() if term.startswith(word)]


async def sharing_slips(conn: AsyncConnection, slips: Collection[str]) -> set[str]:
    """The known words that have one of these in common."""
    found = await conn.execute(select(known_slips.c.term).where(known_slips.c.slip.in_(sorted(slips))))
    return set(found.scalars())


def hits(groups: Sequence[Group], *, sqlite: bool) -> tuple[FromClause, ColumnElement[bool], ColumnElement[int]]:
    """What to select from, the condition, and the place: for videos that have a word of every group.

    Besides that `*` groups hold letters and digits only, so nothing in them is an operator of either language.
    """
    if sqlite:
        asked = " AND ".join(
            "(" + " OR ".join(f'"{word.rstrip("*")}"{"*" * word.endswith("*")}' for word in group) + ")"
            for group in groups
        )
        source = _words.join(documents, documents.c.place == _words.c.rowid)
        condition: ColumnElement[bool] = literal_column("search_words").op("MATCH", is_comparison=True)(asked)
        return source, condition, _words.c.rowid
    asked = " & ".join(
        "(" + " | ".join(f"'{word.rstrip('*')}'{':*' * word.endswith('*')}" for word in group) + ")" for group in groups
    )
    # Written into the statement: the best plan depends on how common the words are.
    lexemes = func.to_tsquery(literal_column("'simple'"), literal(asked, literal_execute=True))
    return documents, documents.c.words.op("@@", is_comparison=True)(lexemes), documents.c.place


def newest_hits(groups: Sequence[Group], *, sqlite: bool, most: int) -> Any:
    """A query for the ids of the newest videos that are hit."""
    source, condition, place = hits(groups, sqlite=sqlite)
    return select(documents.c.video_id).select_from(source).where(condition).order_by(place.desc()).limit(most)


def score(words: Sequence[str]) -> ColumnElement[int]:
    """How well a document answers: for each word 8 when the name has it whole, 4 when a word of the name begins so,
    2 and 1 for the tags. The same on both databases, and counted for a bounded number of hits only."""
    name, tags = literal(" ") + documents.c.name + " ", literal(" ") + documents.c.tags + " "
    points: ColumnElement[int] = literal(0, Integer())
    for word in words:
        for text, whole, begun in ((name, 8, 4), (tags, 2, 1)):
            points = points + case((text.contains(f" {word} "), whole), (text.contains(f" {word}"), begun), else_=0)
    return points


def joined(source: FromClause) -> FromClause:
    """The hits with their videos."""
    return source.join(videos, videos.c.id == documents.c.video_id)
