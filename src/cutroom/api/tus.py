"""What the tus protocol wants of HTTP around the routes: its version on every answer, and methods in disguise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.utils import formatdate

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutroom.api.errors import error_response
from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.uploads import headers
from cutroom.uploads.models import Part, Progress, UploadState
from cutroom.uploads.resumable import RESUMES_OF_A_BUFFER

PREFIX = "/api/uploads/tus"
BODY_TYPE = "application/offset+octet-stream"
HELD_BACK = "held-back"
"""The value of `Upload-Notice` when something between client and server seems to hold requests back."""


def is_upload(path: str) -> bool:
    """Whether an address takes bodies of any length, and measures them itself."""
    return path in ("/api/uploads", "/api/uploads/form", "/api/videos/upload/chunked") or is_tus(path)


def is_tus(path: str) -> bool:
    """Whether an address speaks the protocol."""
    return path == PREFIX or path.startswith(PREFIX + "/")


class TusEdge:
    """Refuses other versions of the protocol before anything is read, and names ours on every answer."""

    REQUEST_HEADERS = (
        "tus-resumable",
        "upload-length",
        "upload-offset",
        "upload-metadata",
        "upload-concat",
        "upload-checksum",
        "x-http-method-override",
    )
    ANSWER_HEADERS = (
        "location",
        "tus-resumable",
        "tus-version",
        "tus-extension",
        "tus-max-size",
        "upload-offset",
        "upload-length",
        "upload-expires",
        "upload-video",
        "upload-duplicate-of",
        "upload-notice",
    )

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or not is_tus(scope["path"]):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)

        async def versioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = headers.VERSION
            await send(message)

        instead = asked.get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and instead in ("PATCH", "DELETE", "HEAD"):
            scope = {**scope, "method": instead}  # for clients that can send GET and POST only
        if scope["method"] != "OPTIONS" and asked.get("tus-resumable") != headers.VERSION:
            document = ErrorDocument(
                code="uploads.version",
                message="The request does not name version 1.0.0 of the tus protocol.",
                hint="Send the header Tus-Resumable: 1.0.0.",
            )
            refusal = error_response(412, document, {"Tus-Version": headers.VERSION})
            await refusal(scope, receive, versioned)
            return
        await self._app(scope, receive, versioned)


def progress_headers(progress: Progress) -> dict[str, str]:
    """What an answer says about an upload."""
    session = progress.session
    found = {"Upload-Offset": str(progress.offset)}
    if session.state is UploadState.DONE:
        found["Upload-Video"] = session.video_id
        if session.duplicate_of:
            found["Upload-Duplicate-Of"] = " ".join(session.duplicate_of)
    else:
        found["Upload-Expires"] = formatdate(session.expires_at / clock.SECOND, usegmt=True)
    if session.patches == 0 and session.empty_resumes >= RESUMES_OF_A_BUFFER:
        found["Upload-Notice"] = HELD_BACK
    return found


def standing_headers(progress: Progress) -> dict[str, str]:
    """The same, with what HEAD says besides."""
    session = progress.session
    found = {**progress_headers(progress), "Upload-Length": str(session.size_bytes), "Cache-Control": "no-store"}
    if session.metadata:
        found["Upload-Metadata"] = session.metadata
    if session.part is Part.PARTIAL:
        found["Upload-Concat"] = "partial"
    if session.part is Part.FINAL:
        found["Upload-Concat"] = "final;" + " ".join(f"{PREFIX}/{one}" for one in session.parts)
    return found


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The request's body as it arrives; a client that leaves is a ConnectionError."""
    try:
        async for piece in request.stream():
            if piece:
                yield piece
    except ClientDisconnect:
        raise ConnectionResetError from None
