"""The errors of signing in and of managing people."""

from __future__ import annotations

from cutroom.core.errors import CutroomError, ErrorKind, TooMany


class TooManyAttempts(TooMany):
    """Signing in failed too often."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "accounts.too-many-attempts",
            f"Too many failed attempts; the next one is taken in {retry_after} s.",
            hint="If the password is lost, `cutroom login-link NAME` on the server prints a one-time link.",
            retry_after=retry_after,
        )


def wrong_password() -> CutroomError:
    """The one answer for a wrong name, a wrong password and a disabled account."""
    return CutroomError(
        "accounts.wrong-password",
        "The name or the password is wrong.",
        hint="If the password is lost, `cutroom login-link NAME` on the server prints a one-time link.",
        kind=ErrorKind.UNAUTHENTICATED,
    )


def bad_link() -> CutroomError:
    """The one answer for an unknown, a used and an expired link."""
    return CutroomError(
        "accounts.link-invalid",
        "This one-time link has been used, has expired or never existed.",
        hint="Run `cutroom login-link` on the server for a new one.",
        kind=ErrorKind.UNAUTHENTICATED,
    )


def forbidden(message: str, hint: str | None = None) -> CutroomError:
    """Signed in, but not allowed."""
    return CutroomError("accounts.forbidden", message, hint=hint, kind=ErrorKind.FORBIDDEN)
