"""The event stream: what changes, as it changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from starlette.responses import StreamingResponse

from cutroom.api.access import Viewer
from cutroom.api.streams import EventHub

router = APIRouter(prefix="/api", tags=["events"])


class EventStream(Response):
    """For OpenAPI only."""

    media_type = "text/event-stream"


@router.get("/events", response_class=EventStream)
async def events(
    request: Request,
    caller: Viewer,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> Response:
    """Server-sent events: `id` resumes with Last-Event-ID, `event` is the topic, `data` the changed row as JSON.

    Topics: video.changed, job.changed, clip.changed, scan.changed (administrators); `ready` says from where a new
    stream counts, and `reset` that events were missed which are no longer kept, so that a page should load anew. A
    comment line every few seconds keeps the connection; the stream ends when the session or token it was opened with
    does.
    """
    hub: EventHub = request.app.state.hub
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else None
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(hub.stream(caller, after), media_type="text/event-stream", headers=headers)
