"""The session cookie: HttpOnly, SameSite=Lax, and Secure where the page came over TLS."""

from __future__ import annotations

from starlette.responses import Response

from cutroom.bootstrap.container import Cutroom
from cutroom.core import clock

SESSION_COOKIE = "cutroom_session"


def set_session_cookie(response: Response, secret: str, ends_at: int, *, secure: bool) -> None:
    """Give the browser a session that ends at `ends_at` (microseconds) at the latest; its row may end it before."""
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=max(0, (ends_at - clock.now()) // clock.SECOND),
        httponly=True,
        samesite="lax",
        secure=secure,
        path="/",
    )


def set_cdn_cookies(response: Response, services: Cutroom, *, secure: bool) -> tuple[list[str], int | None]:
    """Let a browser read at CloudFront; names of the cookies and when they end (microseconds), none without it."""
    cookies, ends_at = services.delivery.cookies()
    for name, value in cookies.items():
        response.set_cookie(
            name,
            value,
            max_age=max(0, ends_at - clock.now() // clock.SECOND),
            domain=services.settings.cdn.cookie_domain or None,
            path="/",
            secure=secure,
            httponly=True,
            samesite="none" if secure else "lax",
        )
    return sorted(cookies), ends_at * clock.SECOND if cookies else None


def clear_session_cookie(response: Response) -> None:
    """Take the session away from the browser."""
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax")
