"""How many connections there are, how long they live, and what they are doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from sqlalchemy.pool import Pool, QueuePool


class Pooling(msgspec.Struct, frozen=True, kw_only=True):
    """The pool of one process."""

    size: int = 5  # connections kept open
    overflow: int = 5  # more than that for a while, when all are in use
    wait_seconds: float = 10.0  # how long a request waits for a free one
    recycle_seconds: float = 1800.0  # PostgreSQL: an older one is opened anew, so that no proxy's idle limit is met
    pre_ping: bool = True  # PostgreSQL: ask whether it still lives before it is used
    busy_seconds: float = 10.0  # SQLite: how long to wait for another writer
    query_seconds: float = 30.0  # the longest that one statement may take; 0: no limit


class PoolNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What the connections of one process are doing now."""

    size: int
    overflow: int  # how many more there may be
    open: int
    in_use: int
    readers: int  # SQLite: threads that read
    reading: int  # looks that are in one of them
    waiting: int  # looks that wait for one


def numbers_of(pool: Pool, pooling: Pooling, *, readers: int, looks: int, idle: int) -> PoolNumbers:
    """`looks` are those that have begun and not ended, whether a thread has them or not; `idle` connections are out of
    the pool and not in use."""
    queue = cast("QueuePool", pool)
    in_use = queue.checkedout() - idle
    return PoolNumbers(
        size=pooling.size,
        overflow=pooling.overflow,
        open=in_use + idle + queue.checkedin(),
        in_use=in_use,
        readers=readers,
        reading=min(looks, readers),
        waiting=max(0, looks - readers),
    )
