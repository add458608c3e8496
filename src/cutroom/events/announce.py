"""Announcements between domains: upward flow without upward imports, inside one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cutroom.db.engine import Transaction

E = TypeVar("E")
Handler = Callable[[Transaction, E], Awaitable[None]]


class Announcer:
    """Tells the subscribers of an event's exact type. `bootstrap` subscribes; domains announce.

    A handler runs inside the announcing transaction, so it only writes rows; when it fails, all of it is undone.
    """

    def __init__(self) -> None:
        self._handlers: dict[type[Any], list[Handler[Any]]] = {}

    def subscribe(self, event_type: type[E], handler: Handler[E]) -> None:
        """Call `handler` for each announced event of this type, after those subscribed earlier."""
        self._handlers.setdefault(event_type, []).append(handler)

    async def announce(self, tx: Transaction, event: object) -> None:
        """Call the subscribers one after another; nobody listening is fine."""
        for handler in self._handlers.get(type(event), ()):
            await handler(tx, event)
