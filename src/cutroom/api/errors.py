"""The one table from error kinds to statuses, and every failure in one shape: {"error": {code, message, hint}}."""

from __future__ import annotations

import logging

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind, TooMany
from cutroom.core.ids import new_id

log = logging.getLogger(__name__)

STATUS = {
    ErrorKind.INVALID: 400,
    ErrorKind.UNPROCESSABLE: 422,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.UNSUPPORTED: 415,
    ErrorKind.TOO_MANY: 429,
    ErrorKind.FAILED: 500,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.NO_SPACE: 507,
}

# Where a protocol prescribes another status than the kind of error would get.
_PRESCRIBED = {
    "uploads.checksum-mismatch": 460,
    "uploads.expired": 410,
    "uploads.locked": 423,
    "uploads.too-slow": 408,
}

# What Starlette raises by itself, in our words.
_PLAIN = {
    404: ("http.not-found", "There is nothing at this address."),
    405: ("http.method-not-allowed", "This address does not take this method."),
    413: ("http.too-large", "The request's body is larger than this address takes."),
}


def error_response(status: int, document: ErrorDocument, headers: dict[str, str] | None = None) -> Response:
    """An error as JSON."""
    body = msgspec.json.encode({"error": document})
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def install(app: FastAPI) -> None:
    """Answer expected errors, refused requests and unknown addresses in the one shape."""
    app.add_exception_handler(CutroomError, _expected)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(HTTPException, _plain)


def _expected(_: Request, error: Exception) -> Response:
    assert isinstance(error, CutroomError)
    headers = {}
    if isinstance(error, TooMany):
        headers["retry-after"] = str(error.retry_after)
    if error.kind is ErrorKind.UNAUTHENTICATED:
        headers["www-authenticate"] = 'Bearer realm="cutroom"'
    return error_response(_PRESCRIBED.get(error.code, STATUS[error.kind]), error.document, headers)


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    message = f"{where}: {first['msg']}."
    document = ErrorDocument(
        code="http.invalid-request", message=message, hint="The parameters of every address are listed at /api/docs."
    )
    return error_response(422, document)


def _plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = _PLAIN.get(error.status_code, ("http.refused", f"The request was refused: {error.detail}."))
    document = ErrorDocument(code=code, message=message)
    return error_response(error.status_code, document, dict(error.headers or {}))


class FailureEdge:
    """What nobody expected is logged under an id, and the page gets a sentence with that id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer 500 when it fails before its answer began."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            return  # an upload that was broken off: nobody is left to answer, and nothing is wrong here
        except Exception:
            incident = new_id("err")
            log.exception("%s %s failed (%s)", scope["method"], scope["path"], incident)
            if begun:
                raise
            document = ErrorDocument(
                code="http.failed",
                message=f"Something went wrong on the server; its log names it {incident}.",
                hint="Try again; if it stays, report it with the lines of the log under that name.",
            )
            await error_response(500, document)(scope, receive, send)
