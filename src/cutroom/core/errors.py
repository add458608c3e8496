"""One error type with a stable code; each entrance maps its kind to a status or an exit code in one table."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ErrorKind(StrEnum):
    """What sort of failure it is, so that an entrance can choose a status without knowing the code."""

    INVALID = "invalid"  # the request cannot be taken as it is: HTTP 400, exit 2
    UNPROCESSABLE = "unprocessable"  # well put, but it names what is not there: HTTP 422, exit 2
    UNAUTHENTICATED = "unauthenticated"  # nobody is signed in: HTTP 401
    FORBIDDEN = "forbidden"  # signed in, but not allowed: HTTP 403
    NOT_FOUND = "not-found"  # HTTP 404
    CONFLICT = "conflict"  # the state does not allow it now: HTTP 409
    TOO_LARGE = "too-large"  # HTTP 413
    UNSUPPORTED = "unsupported"  # sound, but nothing here can do it: HTTP 415
    TOO_MANY = "too-many"  # HTTP 429
    NO_SPACE = "no-space"  # a disk is full: HTTP 507
    UNAVAILABLE = "unavailable"  # try again later: HTTP 503
    FAILED = "failed"  # the work itself failed: HTTP 500, exit 1


class ErrorDocument(msgspec.Struct, frozen=True, kw_only=True):
    """How an error looks outside: in JSON answers, on job rows and on standard error of machine formats."""

    code: str  # stable, lower-case words with dots: "media.not-video"
    message: str  # one sentence: what and where
    hint: str | None = None  # one sentence: what to do


class CutroomError(Exception):
    """An expected failure that a person can act on.

    `code` is stable and documented; `message` is one sentence that says what and where; `hint` says what to do.
    """

    def __init__(
        self, code: str, message: str, *, hint: str | None = None, kind: ErrorKind = ErrorKind.INVALID
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.kind = kind

    @property
    def document(self) -> ErrorDocument:
        """The error as it is shown outside."""
        return ErrorDocument(code=self.code, message=self.message, hint=self.hint)


class TooMany(CutroomError):
    """Too much was asked in too short a time; `retry_after` is how many seconds to wait."""

    def __init__(self, code: str, message: str, *, retry_after: int, hint: str | None = None) -> None:
        super().__init__(code, message, hint=hint, kind=ErrorKind.TOO_MANY)
        self.retry_after = retry_after


def not_found(what: str, name: str) -> CutroomError:
    """The error for an id or name that nothing answers to (or that the caller may not see)."""
    return CutroomError(f"{what}.not-found", f"There is no {what} {name!r}.", kind=ErrorKind.NOT_FOUND)
