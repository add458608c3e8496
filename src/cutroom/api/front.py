"""The first thing that a request meets: the rate limits, the kept answers, and the counting.

It stands outside everything else, so that an answer from before costs one look: nothing is parsed, guarded or awaited
for it that was not when it was made.
"""

from __future__ import annotations

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutroom.api.access import ASKED
from cutroom.api.errors import error_response
from cutroom.api.lane import CacheLane, Keeper, Question
from cutroom.api.limits import Limits
from cutroom.telemetry.meters import Meters, Timing

REQUESTS = "cutroom_http_request_seconds"


class Asked:
    """What becomes known of a request on its way: who asks (`access.identify` says so), and when its answer began."""

    __slots__ = ("account", "scope", "started", "status", "took")

    def __init__(self, scope: Scope, started: float) -> None:
        self.scope = scope
        self.started = started
        self.account: str | None = None
        self.status = 500  # of who leaves without an answer
        self.took: float | None = None

    def began(self, message: Message) -> None:
        """The answer begins: what comes after is the time of whoever takes it."""
        if self.took is None and message["type"] == "http.response.start":
            self.took = perf_counter() - self.started
            self.status = message["status"]


class Front:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, lane: CacheLane, limits: Limits, meters: Meters) -> None:
        self._app = app
        self._lane = lane
        self._limits = limits
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, refuse, or pass on and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        limits = self._limits
        wait = limits.of_address(scope) if limits.by_address else 0.0
        question = answer = None
        if not wait:
            question, answer = self._lane.look(scope)
            if question is not None:
                answer = await self._lane.join(question)
        if answer is not None and limits.by_account and answer.account is not None:
            wait = limits.of_account(answer.account)
        if wait:
            await self._refuse(scope, receive, send, wait)
        elif answer is not None:
            start, body = answer.messages(_known(scope))
            await send(start)
            await send(body)
            answer.timing.took(perf_counter() - started)
        else:
            await self._pass_on(scope, receive, send, Asked(scope, started), question)

    async def _pass_on(
        self, scope: Scope, receive: Receive, send: Send, asked: Asked, question: Question | None
    ) -> None:
        scope[ASKED] = asked
        if question is not None:
            send = Keeper(self._lane, question, send, lambda: (asked.account, self._timing(scope, 200)))

        async def watched(message: Message) -> None:
            asked.began(message)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            took = asked.took if asked.took is not None else perf_counter() - asked.started
            self._timing(scope, asked.status).took(took)
            if question is not None:
                self._lane.leave(question)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, wait: float) -> None:
        error = self._limits.refusal(wait)
        self._timing(scope, 429).took(0.0)
        headers = {"retry-after": str(error.retry_after), "cache-control": "no-store"}
        await error_response(429, error.document, headers)(scope, receive, send)

    def _timing(self, scope: Scope, status: int) -> Timing:
        """By the route's template, of which there are few; never by the address, of which there is no end."""
        route = scope.get("route")
        labels = (
            ("method", scope["method"] if scope["method"] in _METHODS else "other"),
            ("route", getattr(route, "path", "") or "none"),
            ("status", str(status)),
        )
        return self._meters.timing(REQUESTS, labels)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _known(scope: Scope) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == b"if-none-match"), None)
