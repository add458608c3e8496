"""Values of webhooks: a hook, and one message on its way to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class WebhookEvent(StrEnum):
    """What a hook may be told of."""

    CORRUPT = "inspection.corrupt"  # a file of the library or of a scan is damaged
    SCAN_FINISHED = "scan.finished"
    VIDEO_READY = "video.ready"  # its ladder stands
    CLIP_DONE = "clip.done"
    JOB_DONE = "job.done"  # any job that is not a part of another
    JOB_FAILED = "job.failed"  # for good, after its attempts
    TEST = "test"  # somebody pressed the button; every hook gets its own


SUBSCRIBABLE = tuple(event.value for event in WebhookEvent if event is not WebhookEvent.TEST)


class DeliveryState(StrEnum):
    """pending → delivered | failed; replaying makes it pending again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """An address that wants to be told. Instants in µs since the epoch."""

    id: str
    url: str
    events: list[str]
    enabled: bool
    note: str | None  # why it was turned off, when Cutroom did that
    secret: str
    previous_secret: str | None  # signs beside the new one until `previous_until`
    previous_until: int | None
    failing_since: int | None  # the first failure after the last success
    delivered_at: int | None  # the last success
    created_at: int
    updated_at: int

    def secrets_at(self, instant: int) -> list[str]:
        """The secrets to sign with, the newest first."""
        overlaps = self.previous_secret is not None and instant < (self.previous_until or 0)
        return [self.secret, self.previous_secret] if overlaps and self.previous_secret else [self.secret]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one hook. Instants in µs since the epoch."""

    id: str
    hook_id: str
    message_id: str  # the receiver's `webhook-id`: the same in every attempt and every replay
    event: str
    subject: str
    body: str  # JSON, sent as it is
    state: DeliveryState
    attempts: int  # counted when one begins
    fence: int  # grows with each attempt; a stale one's outcome is dropped
    next_attempt_at: int | None  # None once it is over
    attempted_at: int | None
    duration_ms: int | None  # of the last attempt
    response_status: int | None
    response_excerpt: str | None  # how the answer begins
    error: dict[str, Any] | None  # {code, message, hint} of the last attempt
    created_at: int
    finished_at: int | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt came to."""

    ok: bool
    status: int | None  # None when no answer came
    excerpt: str | None
    error: dict[str, Any] | None
    duration_ms: int
    retry_after: float | None = None  # seconds the receiver asks for


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list and the cursor of the next one."""

    items: list[Delivery]
    next: str | None
