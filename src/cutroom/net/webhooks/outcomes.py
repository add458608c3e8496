"""What an attempt means: delivered, tried again later, given up, or the end of the hook."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from cutroom.core import clock
from cutroom.core.errors import CutroomError
from cutroom.net.client import Answer
from cutroom.net.webhooks.models import Delivery, DeliveryState, Outcome

WAITS = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18000.0, 28800.0, 28800.0)
"""Seconds between attempts: nine of them in 23 hours and 40 minutes."""

_LONGEST_WAIT_SECONDS = 24 * 3600.0
_GONE = 410
_ASKS_TO_WAIT = {429, 503}


def of(answer: Answer | None, error: CutroomError | None, *, duration_ms: int) -> Outcome:
    """What an attempt came to: only 2xx is a success, and a redirect is none."""
    if answer is None:
        document = None if error is None else msgspec.to_builtins(error.document)
        return Outcome(ok=False, status=None, excerpt=None, error=document, duration_ms=duration_ms)
    ok = 200 <= answer.status < 300
    return Outcome(
        ok=ok,
        status=answer.status,
        excerpt=answer.body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}") or None,
        error=None if ok else {"code": "webhook.refused", "message": _refusal(answer), "hint": None},
        duration_ms=duration_ms,
        retry_after=_retry_after(answer) if answer.status in _ASKS_TO_WAIT else None,
    )


def lost() -> Outcome:
    """What is said of a message whose senders died, one after the other, before they could say more."""
    message = "Each process that sent it ended before it could tell what the receiver answered."
    error = {"code": "webhook.lost", "message": message, "hint": None}
    return Outcome(ok=False, status=None, excerpt=None, error=error, duration_ms=0)


def after(delivery: Delivery, outcome: Outcome, waits: tuple[float, ...], *, at: int, scatter: float) -> dict[str, Any]:
    """The delivery's columns after an attempt at it; `scatter` keeps failures from marching in step."""
    values: dict[str, Any] = {
        "duration_ms": outcome.duration_ms,
        "response_status": outcome.status,
        "response_excerpt": outcome.excerpt,
        "error": outcome.error,
        "next_attempt_at": None,
        "finished_at": at,
    }
    if outcome.ok:
        return values | {"state": DeliveryState.DELIVERED.value}
    if outcome.status == _GONE or delivery.attempts > len(waits):
        return values | {"state": DeliveryState.FAILED.value}
    seconds = max(waits[delivery.attempts - 1] * scatter, outcome.retry_after or 0.0)
    return values | {"next_attempt_at": at + int(seconds * clock.SECOND), "finished_at": None}


def turned_off(outcome: Outcome, *, failing: int, give_up: int, over: bool) -> str | None:
    """Why the hook is turned off now, or None; `failing` for how long (µs), `over`: the message was given up."""
    if outcome.status == _GONE:
        return "Turned off: the receiver answered 410, which means that it is gone for good."
    if not over or failing < give_up:
        return None
    hours = failing // (3600 * clock.SECOND)
    long = f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
    said = (outcome.error or {}).get("message", "")
    return f"Turned off: nothing could be delivered for {long}. {said}".strip()


def _refusal(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return f"The receiver answered {answer.status}, a redirect, which is not followed."
    return f"The receiver answered {answer.status}."


def _retry_after(answer: Answer) -> float | None:
    """Seconds that the answer asks to wait (RFC 9110, 10.2.3), at most a day."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), _LONGEST_WAIT_SECONDS)
    try:
        until = parsedate_to_datetime(text)
        seconds = (until - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS)
