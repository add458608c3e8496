"""Webhooks and their deliveries on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cutroom.api.schemas.base import Asked, ErrorBody, Shape

EventName = Literal["inspection.corrupt", "scan.finished", "video.ready", "clip.done", "job.failed"]
DeliveryStateName = Literal["pending", "delivered", "failed"]

Url = Annotated[str, Field(min_length=1, max_length=2000, description="http or https, without user name or password")]
Events = Annotated[list[EventName], Field(min_length=1, max_length=20, description="What it is told of")]
Secret = Annotated[
    str | None, Field(max_length=100, description="whsec_ and 24 to 64 bytes in base 64; one is made without it")
]


class WebhookShape(Shape):
    id: str
    url: str
    events: list[EventName]
    enabled: bool
    note: str | None = Field(description="Why Cutroom turned it off")
    failing_since: int | None = Field(description="The first failure after the last success")
    delivered_at: int | None = Field(description="The last success")
    created_at: int
    pending: int = Field(description="Messages that wait for their next attempt")
    failed: int = Field(description="Messages that were given up, of those still kept")


class WebhookPage(Shape):
    items: list[WebhookShape]
    next: str | None


class WebhookRequest(Asked):
    url: Url
    events: Events
    secret: Secret = None
    enabled: bool = True


class WebhookChange(Asked):
    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = None


class SecretRequest(Asked):
    secret: Secret = None


class WebhookSecret(Shape):
    webhook: WebhookShape
    secret: str = Field(description="For checking signatures; shown this once")


class DeliveryShape(Shape):
    id: str
    message_id: str = Field(description="The receiver's `webhook-id`: the same in every attempt and replay")
    event: EventName | Literal["test"]
    subject: str
    state: DeliveryStateName
    attempts: int
    next_attempt_at: int | None
    attempted_at: int | None
    duration_ms: int | None
    response_status: int | None
    response_excerpt: str | None = Field(description="How the answer to the last attempt begins")
    error: ErrorBody | None
    created_at: int
    finished_at: int | None


class DeliveryPage(Shape):
    items: list[DeliveryShape]
    next: str | None
