"""SQL of the library's lists: pages that begin at a place of an index, and counts that do not count."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.accounts.tables import accounts
from cutroom.db.prepared import Prepared
from cutroom.library import search_store
from cutroom.library.models import Count, Video, VideoFilter, VideoSort, Visibility
from cutroom.library.search import Question
from cutroom.library.search_tables import documents, video_counts
from cutroom.library.store import LISTED, video_of, visible_to_account
from cutroom.library.tables import NAME_KEY, SECONDS_KEY, video_tags, videos

_STATEMENTS_KEPT = 256
_RANKED = 2_000
"""Ranked are the newest so many hits: a question that hits half a million must not cost more."""
_SORTED = 10_000
"""So many of the newest hits are put in the order of their names or durations."""
_COUNTED = 1_000
_ESTIMATED_SECONDS = 5.0
_ESTIMATED_FROM = 20_000  # counting that many rows takes a few milliseconds

_SORT_KEYS: dict[VideoSort, ColumnElement[Any]] = {
    VideoSort.ADDED: videos.c.added_at,
    VideoSort.NAME: NAME_KEY,
    VideoSort.DURATION: SECONDS_KEY,
}
_EVERYTHING = VideoFilter()
Place = tuple[Any, ...]


async def page(
    conn: AsyncConnection,
    *,
    viewer: Principal | None,
    where: VideoFilter,
    question: Question | None,
    sort: VideoSort,
    descending: bool,
    limit: int,
    after: Place | None,
) -> list[tuple[Video, Place]]:
    """Rows of a list, each with its place, from after a place on. A place is (sort key, id) without a question."""
    if question is not None:
        await _by_index(conn)
    if question is not None and sort in (VideoSort.ADDED, VideoSort.RELEVANCE):
        query = _hits(conn, _sees(viewer), where, question, sort, descending, after).limit(limit)
        width = 1 if sort is VideoSort.ADDED else 2
        return [(video_of(row), tuple(row[-width:])) for row in await conn.execute(query)]
    asked = (_sees(viewer), where, sort, descending, after is not None)
    values: dict[str, Any] = {"rows": limit}
    if after is not None:
        values |= {"after_key": after[0], "after_id": after[1]}
    rows: Iterable[Sequence[Any]]
    if question is not None:
        newest = search_store.newest_hits(question.groups, sqlite=_is_sqlite(conn), most=_SORTED)
        rows = await conn.execute(_page(*asked).where(videos.c.id.in_(newest)), values)
    elif where == _EVERYTHING:
        rows = await _plain_page(*asked).tuples(conn, values)
    else:
        rows = await conn.execute(_page(*asked), values)
    return [(video_of(row), (row[-1], row[0])) for row in rows]


async def count(
    conn: AsyncConnection, *, viewer: Principal | None, where: VideoFilter, question: Question | None
) -> Count:
    """How many rows such a list has: kept by triggers, estimated from statistics, or counted as far as 1,000."""
    sees = _sees(viewer)
    if question is not None or where.tags:
        return await _counted(conn, sees, where, question)
    if _is_sqlite(conn):
        if where == _EVERYTHING:
            ((number,),) = await _all_kept(sees).tuples(conn, {})
        else:
            number = (await conn.execute(_kept(sees, where))).scalar_one()
        return Count(number=int(number), exact=True)
    query = _narrowed(select(videos.c.id), sees, where)
    estimate = await _estimate(conn, query, (sees, where))
    if estimate >= _ESTIMATED_FROM:
        return Count(number=estimate, exact=False)
    exact = select(func.count()).select_from(query.subquery())
    return Count(number=int((await conn.execute(exact)).scalar_one()), exact=True)


async def _by_index(conn: AsyncConnection) -> None:
    """PostgreSQL overrates what the beginning of a word costs its index of words, and would rather read the table."""
    if not _is_sqlite(conn):
        await conn.exec_driver_sql("SET LOCAL enable_seqscan = off")


def _hits(
    conn: AsyncConnection,
    sees: str | None,
    where: VideoFilter,
    question: Question,
    sort: VideoSort,
    descending: bool,
    after: Place | None,
) -> Select[Any]:
    source, condition, place = search_store.hits(question.groups, sqlite=_is_sqlite(conn))
    listed = search_store.joined(source).outerjoin(accounts, accounts.c.id == videos.c.owner_id)
    query: Select[Any]
    if sort is VideoSort.ADDED:
        query = _narrowed(select(*LISTED, place.label("place")).select_from(listed).where(condition), sees, where)
        if after is not None:
            query = query.where(place < after[0] if descending else place > after[0])
        return query.order_by(place.desc() if descending else place)
    score = search_store.score(question.words)
    newest = select(place.label("place")).select_from(source).where(condition).order_by(place.desc()).limit(_RANKED)
    ranked = documents.join(videos, videos.c.id == documents.c.video_id)
    ranked = ranked.outerjoin(accounts, accounts.c.id == videos.c.owner_id)
    columns = (*LISTED, score.label("score"), documents.c.place)
    query = _narrowed(select(*columns).select_from(ranked).where(documents.c.place.in_(newest)), sees, where)
    if after is not None:
        query = query.where(tuple_(score, documents.c.place) < tuple_(*after))
    return query.order_by(score.desc(), documents.c.place.desc())


@lru_cache(_STATEMENTS_KEPT)
def _page(sees: str | None, where: VideoFilter, sort: VideoSort, descending: bool, further: bool) -> Select[Any]:
    """A page's statement: putting it together takes longer than running it."""
    key = _SORT_KEYS[sort]
    listed = videos.outerjoin(accounts, accounts.c.id == videos.c.owner_id)
    query = _narrowed(select(*LISTED, key).select_from(listed), sees, where)
    if further:
        # The row-value form is the one both databases answer from the index.
        begin = bindparam("after_key", type_=key.type)
        here, there = tuple_(key, videos.c.id), tuple_(begin, bindparam("after_id", type_=videos.c.id.type))
        query = query.where(here < there if descending else here > there)
        if sort is not VideoSort.ADDED:
            # SQLite finds its place in an index on an expression by a plain comparison only.
            query = query.where(key <= begin if descending else key >= begin)
    order = (key.desc(), videos.c.id.desc()) if descending else (key, videos.c.id)
    return query.order_by(*order).limit(bindparam("rows", type_=Integer()))


@lru_cache(_STATEMENTS_KEPT)
def _plain_page(sees: str | None, where: VideoFilter, sort: VideoSort, descending: bool, further: bool) -> Prepared:
    """The same of all that somebody sees: what is asked most often."""
    return Prepared(_page(sees, where, sort, descending, further))


async def _counted(conn: AsyncConnection, sees: str | None, where: VideoFilter, question: Question | None) -> Count:
    query: Select[Any] = select(literal(1).label("one"))
    if question is None:
        query = query.select_from(videos)
    else:
        source, condition, _ = search_store.hits(question.groups, sqlite=_is_sqlite(conn))
        alone = sees is None and where == VideoFilter(q=where.q)
        query = query.select_from(source if alone else search_store.joined(source)).where(condition)
    some = _narrowed(query, sees, where).limit(_COUNTED + 1).subquery()
    number = int((await conn.execute(select(func.count()).select_from(some))).scalar_one())
    return Count(number=min(number, _COUNTED), exact=number <= _COUNTED)


@lru_cache(_STATEMENTS_KEPT)
def _all_kept(sees: str | None) -> Prepared:
    return Prepared(_kept(sees, _EVERYTHING))


def _kept(sees: str | None, where: VideoFilter) -> Select[Any]:
    kept = video_counts.c
    query = select(func.coalesce(func.sum(kept.number), 0))
    if sees is not None:
        query = query.where(or_(kept.visibility == Visibility.SHARED.value, kept.owner_id == sees))
    if where.verdicts:
        query = query.where(kept.verdict.in_(where.verdicts))
    if where.proxy_states:
        query = query.where(kept.proxy_state.in_([state.value for state in where.proxy_states]))
    return query


async def _estimate(conn: AsyncConnection, query: Select[Any], asked: tuple[str | None, VideoFilter]) -> int:
    """Rows by PostgreSQL's statistics, which a connection is asked for every few seconds."""
    known: dict[tuple[str | None, VideoFilter], tuple[float, int]]
    known = (await conn.get_raw_connection()).info.setdefault("cutroom_estimates", {})
    until, estimate = known.get(asked, (0.0, 0))
    if until < time.monotonic():
        if len(known) > _STATEMENTS_KEPT:
            known.clear()
        estimate = await _explained(conn, query)
        known[asked] = (time.monotonic() + _ESTIMATED_SECONDS, estimate)
    return estimate


async def _explained(conn: AsyncConnection, query: Select[Any]) -> int:
    text = query.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True})
    plan = (await conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {text}")).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


def _sees(viewer: Principal | None) -> str | None:
    """The account whose eyes a list is seen with; None sees everything."""
    return None if viewer is None or viewer.is_administrator else viewer.account_id


def _narrowed(query: Select[Any], sees: str | None, where: VideoFilter) -> Select[Any]:
    if sees is not None:
        query = query.where(visible_to_account(sees))
    if where.verdicts:
        query = query.where(videos.c.verdict.in_(where.verdicts))
    if where.proxy_states:
        query = query.where(videos.c.proxy_state.in_([state.value for state in where.proxy_states]))
    for tag in where.tags:
        query = query.where(videos.c.id.in_(select(video_tags.c.video_id).where(video_tags.c.tag == tag)))
    return query


def _is_sqlite(conn: AsyncConnection) -> bool:
    return conn.dialect.name == "sqlite"


def places_of(sort: VideoSort, *, searching: bool) -> type[Place]:
    """The shape of a place in a list's cursors."""
    if searching and sort is VideoSort.RELEVANCE:
        return tuple[int, int]
    if searching and sort is VideoSort.ADDED:
        return tuple[int]
    keys: dict[VideoSort, type[Place]] = {VideoSort.NAME: tuple[str, str], VideoSort.DURATION: tuple[float, str]}
    return keys.get(sort, tuple[int, str])
