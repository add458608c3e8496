"""Signing in and out: who am I, first set-up, password, one-time link."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

import cutroom
from cutroom.accounts.models import Principal, SignedIn
from cutroom.api.access import Anybody, Services, Viewer, Visitor
from cutroom.api.cookies import clear_session_cookie, set_cdn_cookies, set_session_cookie
from cutroom.api.schemas.accounts import CurrentAccount, LinkRequest, SessionState, SetupRequest, SignInRequest

router = APIRouter(prefix="/api", tags=["session"])


def _state(services: Services, principal: Principal | None, *, setup_required: bool) -> SessionState:
    account = None
    if principal is not None:
        account = CurrentAccount(id=principal.account_id, name=principal.name, role=principal.role.value)
    return SessionState(
        account=account,
        setup_required=setup_required,
        password_length=services.accounts.passwords.minimum_length,
        version=cutroom.__version__,
    )


def _signed_in(services: Services, request: Request, response: Response, signed_in: SignedIn) -> SessionState:
    set_session_cookie(response, signed_in.secret, signed_in.ends_at, secure=request.url.scheme == "https")
    return _state(services, signed_in.principal, setup_required=False)


@router.get("/session")
async def current_session(request: Request, response: Response, services: Services, caller: Anybody) -> SessionState:
    """Who is signed in, and whether the first administrator is still to be created; CloudFront's cookies too."""
    if caller is not None:
        set_cdn_cookies(response, services, secure=request.url.scheme == "https")
    required = caller is None and await services.accounts.setup_required()
    return _state(services, caller, setup_required=required)


@router.post("/setup")
async def set_up(
    request: Request, response: Response, services: Services, _: Anybody, visitor: Visitor, asked: SetupRequest
) -> SessionState:
    """Create the first administrator with the one-time link that `cutroom serve` printed, and sign in."""
    # Hashing costs 64 MiB and a core: only for whoever holds the link.
    await services.accounts.check_setup_link(asked.token)
    password_hash = await services.accounts.passwords.hash(asked.password)
    async with services.database.transaction(durable=True) as tx:
        signed_in = await services.accounts.set_up(tx, asked.token, asked.name, password_hash, visitor)
    return _signed_in(services, request, response, signed_in)


@router.post("/session")
async def sign_in(
    request: Request, response: Response, services: Services, _: Anybody, visitor: Visitor, asked: SignInRequest
) -> SessionState:
    """Sign in with a name and a password."""
    account = await services.accounts.check_password(asked.name, asked.password, visitor)
    async with services.database.transaction(durable=True) as tx:
        signed_in = await services.accounts.sessions.open(tx, account, visitor, how="password")
    return _signed_in(services, request, response, signed_in)


@router.post("/session/link")
async def sign_in_with_link(
    request: Request, response: Response, services: Services, _: Anybody, visitor: Visitor, asked: LinkRequest
) -> SessionState:
    """Sign in with a one-time link's token."""
    async with services.database.transaction(durable=True) as tx:
        signed_in = await services.accounts.sign_in_with_link(tx, asked.token, visitor)
    return _signed_in(services, request, response, signed_in)


@router.delete("/session", status_code=204)
async def sign_out(response: Response, services: Services, caller: Viewer, visitor: Visitor) -> None:
    """End this session."""
    if caller.session_hash is not None:
        async with services.database.transaction(durable=True) as tx:
            await services.accounts.sessions.end(tx, caller, visitor, session_id=caller.session_hash)
    clear_session_cookie(response)
