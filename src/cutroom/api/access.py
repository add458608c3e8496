"""Every route says who may: `Viewer`, `Editor`, `Administrator` or, spelled out, `Anybody`.

A test walks all routes and fails on one that declares nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import Depends, Request, Response

from cutroom.accounts.models import Principal, Role, Visit
from cutroom.api.cookies import SESSION_COOKIE, set_session_cookie
from cutroom.core.errors import CutroomError, ErrorKind

Cutroom = Any  # until bootstrap lands


def services(request: Request) -> Cutroom:
    """The services that the application's lifespan built."""
    found: Cutroom = request.app.state.cutroom
    return found


def visit(request: Request) -> Visit:
    """Where the request came from, for session rows and the audit log."""
    return Visit(
        remote=request.client.host if request.client else None,
        user_agent=(request.headers.get("user-agent") or "")[:300] or None,
    )


async def identify(request: Request, response: Response) -> Principal | None:
    """Who is asking, by bearer token or session cookie; extends a session that is in use."""
    accounts = services(request).accounts
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await accounts.authenticate_token(secret.strip())
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        return None
    seen = await accounts.authenticate_session(cookie)
    if seen is None:
        return None
    if seen.extended_to is not None:
        set_session_cookie(response, cookie, seen.extended_to, secure=request.url.scheme == "https")
    return seen.principal


class Guard(Protocol):
    """What the walk over all routes looks for: the least role, or None for routes open to anybody."""

    needs: Role | None


class RequiresRole:
    """The dependency behind `Viewer`, `Editor` and `Administrator`."""

    def __init__(self, needs: Role) -> None:
        self.needs: Role | None = needs
        self._role = needs

    async def __call__(self, request: Request, response: Response) -> Principal:
        """The caller, or `accounts.not-signed-in` / `accounts.forbidden`."""
        principal = await identify(request, response)
        if principal is None:
            raise CutroomError(
                "accounts.not-signed-in",
                "Nobody is signed in, or the session has ended.",
                hint="Sign in, or send a personal token as `Authorization: Bearer ctr_…`.",
                kind=ErrorKind.UNAUTHENTICATED,
            )
        principal.require(self._role)
        return principal


class OpenToAnybody:
    """The dependency behind `Anybody`: the caller if there is one."""

    needs: Role | None = None

    async def __call__(self, request: Request, response: Response) -> Principal | None:
        """The caller or None."""
        return await identify(request, response)


class Unidentified:
    """The dependency of routes that never look at who is asking (health, documentation)."""

    needs: Role | None = None

    async def __call__(self) -> None:
        """Nothing to do: the declaration is the point."""


Services = Annotated[Cutroom, Depends(services)]
Visitor = Annotated[Visit, Depends(visit)]
Viewer = Annotated[Principal, Depends(RequiresRole(Role.VIEWER))]
Editor = Annotated[Principal, Depends(RequiresRole(Role.EDITOR))]
Administrator = Annotated[Principal, Depends(RequiresRole(Role.ADMINISTRATOR))]
Anybody = Annotated[Principal | None, Depends(OpenToAnybody())]
open_to_anybody = Depends(Unidentified())
