"""The event stream: what changes, as it changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from cutroom.api.access import Services, Viewer

router = APIRouter(prefix="/api", tags=["events"])


class EventStream(Response):
    """For OpenAPI only."""

    media_type = "text/event-stream"


@router.get("/events", response_class=EventStream)
async def events(
    request: Request,
    services: Services,
    caller: Viewer,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> Response:
    """Server-sent events: `id` resumes with Last-Event-ID, `event` is the topic, `data` the changed row as JSON.

    Topics: video.changed, job.changed, clip.changed. A comment line every few seconds keeps the connection; the
    stream ends when the session or token it was opened with does.
    """
    raise NotImplementedError
