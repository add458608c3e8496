"""Every route says who may: `Viewer`, `Editor`, `Administrator` or, spelled out, `Anybody`.

A test walks all routes and fails on one that declares nothing.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from cutroom.accounts.models import Principal, Role, Visit
from cutroom.api.cookies import SESSION_COOKIE
from cutroom.api.limits import Limits
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError, ErrorKind

# The dependencies are coroutines throughout: FastAPI hands a plain function over to a thread at every request.


async def services(request: Request) -> Cutroom:
    """The services that the application's lifespan built."""
    found: Cutroom = request.app.state.cutroom
    return found


async def visit(request: Request) -> Visit:
    """Where the request came from, for session rows and the audit log."""
    return Visit(
        remote=request.client.host if request.client else None,
        user_agent=(request.headers.get("user-agent") or "")[:300] or None,
    )


async def identify(request: Request) -> Principal | None:
    """Who is asking, by bearer token or session cookie. Raises `http.too-many-requests`."""
    principal = await _shown(request)
    asked = request.scope.get(ASKED)
    if principal is not None and asked is not None:
        asked.account = principal.account_id
        limits: Limits = request.app.state.limits
        if wait := limits.of_account(principal.account_id):
            raise limits.refusal(wait)
    return principal


async def _shown(request: Request) -> Principal | None:
    accounts = (await services(request)).accounts
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await accounts.tokens.authenticate(secret.strip())
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        return None
    return await accounts.sessions.authenticate(cookie)


ASKED = "cutroom.asked"
"""Where a request's scope holds what becomes known of it, for the front."""


class RequiresRole:
    """The dependency behind `Viewer`, `Editor` and `Administrator`."""

    def __init__(self, needs: Role) -> None:
        self.needs: Role | None = needs
        self._role = needs

    async def __call__(self, request: Request) -> Principal:
        """The caller, or `accounts.not-signed-in` / `accounts.forbidden`."""
        principal = await identify(request)
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

    async def __call__(self, request: Request) -> Principal | None:
        """The caller or None."""
        return await identify(request)


class Unidentified:
    """The dependency of routes that never look at who is asking (health, documentation)."""

    needs: Role | None = None

    async def __call__(self) -> None:
        """Nothing to do: the declaration is the point."""


KEPT = {"Cache-Control": "private, no-cache"}
"""Headers of an answer that depends on nothing but the database and who asks: the cache lane may give it again."""


async def keep(response: Response) -> None:
    """The dependency that adds `KEPT` to what a route returns as a model."""
    response.headers.update(KEPT)


kept = Depends(keep)
Services = Annotated[Cutroom, Depends(services)]
Visitor = Annotated[Visit, Depends(visit)]
Viewer = Annotated[Principal, Depends(RequiresRole(Role.VIEWER))]
Editor = Annotated[Principal, Depends(RequiresRole(Role.EDITOR))]
Administrator = Annotated[Principal, Depends(RequiresRole(Role.ADMINISTRATOR))]
Anybody = Annotated[Principal | None, Depends(OpenToAnybody())]
open_to_anybody = Depends(Unidentified())


def declared(route: APIRoute) -> list[Role | None]:
    """What the guards of a route declare; empty when it has none."""
    found: list[Role | None] = []
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        waiting += dependant.dependencies
        if isinstance(dependant.call, RequiresRole | OpenToAnybody | Unidentified):
            found.append(dependant.call.needs)
    return found


def role_of(route: APIRoute) -> Role | None:
    """The role a route needs; None when it is open to anybody."""
    roles = [role for role in declared(route) if role is not None]
    return max(roles, key=list(Role).index) if roles else None
