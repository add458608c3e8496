"""People, their sessions and tokens, and the audit log."""

from __future__ import annotations

from fastapi import APIRouter, Query, Response

from cutroom.accounts.models import Account, Role
from cutroom.api.access import Administrator, Services, Viewer, Visitor
from cutroom.api.cookies import clear_session_cookie
from cutroom.api.schemas.accounts import (
    AccountChange,
    AccountCreated,
    AccountPage,
    AccountRequest,
    AccountShape,
    AuditPage,
    AuditShape,
    LinkCreated,
    SessionPage,
    SessionShape,
    TokenCreated,
    TokenPage,
    TokenRequest,
    TokenShape,
)

router = APIRouter(prefix="/api", tags=["accounts"])


def _account(account: Account) -> AccountShape:
    return AccountShape(
        id=account.id,
        name=account.name,
        role=account.role.value,
        has_password=account.has_password,
        created_at=account.created_at,
        disabled_at=account.disabled_at,
    )


@router.get("/accounts")
async def list_accounts(services: Services, _: Administrator) -> AccountPage:
    """Everybody with an account, by name."""
    async with services.database.read() as conn:
        found = await services.accounts.everybody(conn)
    return AccountPage(items=[_account(account) for account in found], next=None)


@router.post("/accounts", status_code=201)
async def create_account(
    services: Services, caller: Administrator, visitor: Visitor, asked: AccountRequest
) -> AccountCreated:
    """Add a person; without a password the answer carries a one-time sign-in token for them."""
    password_hash = None
    if asked.password is not None:
        password_hash = await services.accounts.passwords.hash(asked.password)
    async with services.database.transaction(durable=True) as tx:
        account = await services.accounts.create(
            tx, caller, visitor, name=asked.name, role=Role(asked.role), password_hash=password_hash
        )
        secret = None
        if password_hash is None:
            secret = await services.accounts.links.new_login(tx, account.id)
    return AccountCreated(account=_account(account), link_token=secret)


@router.patch("/accounts/{account_id}")
async def change_account(
    account_id: str, services: Services, caller: Viewer, visitor: Visitor, asked: AccountChange
) -> AccountShape:
    """Change a role, a password, or disable; a person may change only their own password."""
    hashed = await services.accounts.prepare_password(
        caller, account_id, password=asked.password, current=asked.current_password, visit=visitor
    )
    async with services.database.transaction(durable=True) as tx:
        account = await services.accounts.change(
            tx,
            caller,
            visitor,
            account_id,
            role=Role(asked.role) if asked.role else None,
            disabled=asked.disabled,
            password_hash=hashed,
        )
    return _account(account)


@router.post("/accounts/{account_id}/link", status_code=201)
async def create_login_link(
    account_id: str, services: Services, caller: Administrator, visitor: Visitor
) -> LinkCreated:
    """A new one-time sign-in token for somebody who forgot their password."""
    async with services.database.transaction(durable=True) as tx:
        secret = await services.accounts.links.new_login(tx, account_id)
        await services.accounts.audit.record(tx, caller, "account.link", account_id, visitor)
    return LinkCreated(link_token=secret)


@router.get("/sessions")
async def list_sessions(services: Services, caller: Viewer) -> SessionPage:
    """Where you are signed in, newest first."""
    async with services.database.read() as conn:
        found = await services.accounts.sessions.of(conn, caller)
    items = [
        SessionShape(
            id=session.id,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            user_agent=session.user_agent,
            current=session.id == caller.session_hash,
        )
        for session in found
    ]
    return SessionPage(items=items, next=None)


@router.delete("/sessions", status_code=204)
async def end_sessions(
    services: Services,
    caller: Viewer,
    visitor: Visitor,
    response: Response,
    session_id: str | None = Query(default=None, alias="id", description="One session; all of yours without it"),
) -> None:
    """End one of your sessions, or all of them; open event streams end with them."""
    async with services.database.transaction(durable=True) as tx:
        await services.accounts.sessions.end(tx, caller, visitor, session_id=session_id)
    if session_id is None or session_id == caller.session_hash:
        clear_session_cookie(response)


@router.get("/tokens")
async def list_tokens(services: Services, caller: Viewer) -> TokenPage:
    """Your personal API tokens; secrets are never shown again."""
    async with services.database.read() as conn:
        found = await services.accounts.tokens.of(conn, caller)
    items = [
        TokenShape(
            id=token.id,
            name=token.name,
            created_at=token.created_at,
            last_used_at=token.last_used_at,
            expires_at=token.expires_at,
        )
        for token in found
    ]
    return TokenPage(items=items, next=None)


@router.post("/tokens", status_code=201)
async def create_token(services: Services, caller: Viewer, visitor: Visitor, asked: TokenRequest) -> TokenCreated:
    """Make a personal API token; the answer shows its secret this once."""
    async with services.database.transaction(durable=True) as tx:
        token, secret = await services.accounts.tokens.create(
            tx, caller, visitor, name=asked.name, expires_in_days=asked.expires_in_days
        )
    shape = TokenShape(
        id=token.id, name=token.name, created_at=token.created_at, last_used_at=None, expires_at=token.expires_at
    )
    return TokenCreated(token=shape, secret=secret)


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: str, services: Services, caller: Viewer, visitor: Visitor) -> None:
    """Revoke one of your tokens."""
    async with services.database.transaction(durable=True) as tx:
        await services.accounts.tokens.revoke(tx, caller, visitor, token_id)


@router.get("/audit")
async def list_audit(
    services: Services,
    _: Administrator,
    limit: int = Query(default=50, ge=1, le=500),
    after: str | None = Query(default=None, max_length=400, description="The `next` of the page before"),
) -> AuditPage:
    """Who did what, newest first."""
    async with services.database.read() as conn:
        page = await services.accounts.audit.page(conn, limit=limit, after=after)
    items = [
        AuditShape(
            id=entry.id,
            created_at=entry.created_at,
            account_id=entry.account_id,
            account_name=entry.account_name,
            action=entry.action,
            subject=entry.subject,
            remote=entry.remote,
            detail=entry.detail,
        )
        for entry in page.items
    ]
    return AuditPage(items=items, next=page.next)
