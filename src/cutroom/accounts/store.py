"""The SQL of accounts, sessions, links, tokens and the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Account, AuditEntry, Role, Session, Token
from cutroom.accounts.tables import accounts, audit, login_links, sessions, tokens
from cutroom.db.prepared import Prepared

_ACCOUNT = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.role,
    accounts.c.password_hash.is_not(None).label("has_password"),
    accounts.c.created_at,
    accounts.c.disabled_at,
)
# Every request asks one of these.
_LIVE_SESSION = Prepared(
    select(sessions, accounts.c.name, accounts.c.role)
    .join(accounts, accounts.c.id == sessions.c.account_id)
    .where(sessions.c.id_hash == bindparam("wanted"), sessions.c.expires_at > bindparam("now"))
    .where(accounts.c.disabled_at.is_(None))
)
_LIVE_TOKEN = (
    select(tokens, accounts.c.name.label("account_name"), accounts.c.role)
    .join(accounts, accounts.c.id == tokens.c.account_id)
    .where(tokens.c.expires_at.is_(None) | (tokens.c.expires_at > bindparam("now")), accounts.c.disabled_at.is_(None))
)
_TOKEN_OF_SECRET = Prepared(_LIVE_TOKEN.where(tokens.c.secret_hash == bindparam("wanted")))
_TOKEN_OF_ID = Prepared(_LIVE_TOKEN.where(tokens.c.id == bindparam("wanted")))


def _plain(row: Row[Any]) -> dict[str, Any]:
    # Column keys are a subclass of str, which msgspec does not take for field names.
    return {str(key): value for key, value in row._mapping.items()}


def _account(row: Row[Any]) -> Account:
    return msgspec.convert(_plain(row) | {"has_password": bool(row.has_password)}, Account)


async def administrators(conn: AsyncConnection) -> list[Account]:
    """Accounts that can administrate now."""
    query = select(*_ACCOUNT).where(accounts.c.role == Role.ADMINISTRATOR.value, accounts.c.disabled_at.is_(None))
    return [_account(row) for row in await conn.execute(query.order_by(accounts.c.id))]


async def list_accounts(conn: AsyncConnection) -> list[Account]:
    """Everybody, by name."""
    return [_account(row) for row in await conn.execute(select(*_ACCOUNT).order_by(accounts.c.name))]


async def find_account(
    conn: AsyncConnection, *, account_id: str | None = None, name: str | None = None
) -> Account | None:
    """The account with this id, or with this case-folded name."""
    wanted = accounts.c.id == account_id if account_id is not None else accounts.c.name == name
    row = (await conn.execute(select(*_ACCOUNT).where(wanted))).first()
    return _account(row) if row else None


async def password_hash(conn: AsyncConnection, account_id: str) -> str | None:
    """The encoded argon2id hash."""
    return (await conn.execute(select(accounts.c.password_hash).where(accounts.c.id == account_id))).scalar()


async def insert_account(conn: AsyncConnection, account: Account, password: str | None) -> None:
    """A new row."""
    await conn.execute(
        insert(accounts).values(
            id=account.id,
            name=account.name,
            password_hash=password,
            role=account.role.value,
            created_at=account.created_at,
            disabled_at=account.disabled_at,
        )
    )


async def update_account(conn: AsyncConnection, account_id: str, **values: object) -> None:
    """Set columns of one account."""
    await conn.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


# Sessions


async def insert_session(conn: AsyncConnection, session: Session) -> None:
    """A new row."""
    values = msgspec.structs.asdict(session)
    values["id_hash"] = values.pop("id")
    await conn.execute(insert(sessions).values(**values))


async def find_session(conn: AsyncConnection, id_hash: str, now: int) -> Mapping[str, Any] | None:
    """A live session with its account's name and role, unless the account is disabled."""
    return await _LIVE_SESSION.row(conn, {"wanted": id_hash, "now": now})


async def touch_session(conn: AsyncConnection, id_hash: str, *, seen: int, expires_at: int) -> None:
    """Note a visit and move the end."""
    values = {"last_seen_at": seen, "expires_at": expires_at}
    await conn.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(values))


async def list_sessions(conn: AsyncConnection, account_id: str, now: int) -> list[Session]:
    """Live sessions of an account, newest first."""
    query = (
        select(sessions)
        .where(sessions.c.account_id == account_id, sessions.c.expires_at > now)
        .order_by(sessions.c.created_at.desc(), sessions.c.id_hash)
    )
    found = []
    for row in await conn.execute(query):
        values = _plain(row)
        values["id"] = values.pop("id_hash")
        found.append(msgspec.convert(values, Session))
    return found


async def delete_sessions(
    conn: AsyncConnection, account_id: str, *, only: str | None = None, keep: str | None = None
) -> int:
    """End sessions of an account: one, or all but one; returns how many."""
    query = delete(sessions).where(sessions.c.account_id == account_id)
    if only is not None:
        query = query.where(sessions.c.id_hash == only)
    if keep is not None:
        query = query.where(sessions.c.id_hash != keep)
    return (await conn.execute(query)).rowcount


async def delete_expired(conn: AsyncConnection, now: int) -> None:
    """Forget sessions and links that are over."""
    await conn.execute(delete(sessions).where(sessions.c.expires_at <= now))
    await conn.execute(delete(login_links).where(login_links.c.expires_at <= now))


# One-time links


async def insert_link(
    conn: AsyncConnection, secret_hash: str, *, account_id: str | None, created_at: int, expires_at: int
) -> None:
    """A new link; without an account it is the one that sets up the first administrator."""
    await conn.execute(
        insert(login_links).values(
            secret_hash=secret_hash, account_id=account_id, created_at=created_at, expires_at=expires_at
        )
    )


async def delete_links(conn: AsyncConnection, account_id: str | None) -> None:
    """Forget the links of an account, or the set-up links: only the newest is good."""
    await conn.execute(
        delete(login_links).where(
            login_links.c.account_id.is_(account_id) if account_id is None else login_links.c.account_id == account_id
        )
    )


async def find_link(conn: AsyncConnection, secret_hash: str, now: int) -> Row[Any] | None:
    """A good link's row."""
    query = select(login_links.c.account_id).where(
        login_links.c.secret_hash == secret_hash, login_links.c.used_at.is_(None), login_links.c.expires_at > now
    )
    return (await conn.execute(query)).first()


async def spend_link(conn: AsyncConnection, secret_hash: str, now: int) -> Row[Any] | None:
    """Mark a good link used and return its row; None when it is used, expired or unknown.

    One statement, so that two requests with one link cannot both win.
    """
    query = (
        update(login_links)
        .where(
            login_links.c.secret_hash == secret_hash, login_links.c.used_at.is_(None), login_links.c.expires_at > now
        )
        .values(used_at=now)
        .returning(login_links.c.account_id)
    )
    row: Row[Any] | None = (await conn.execute(query)).first()
    return row


# Tokens


async def insert_token(conn: AsyncConnection, token: Token, secret_hash: str) -> None:
    """A new row."""
    await conn.execute(insert(tokens).values(**msgspec.structs.asdict(token), secret_hash=secret_hash))


async def find_token(
    conn: AsyncConnection, *, now: int, secret_hash: str | None = None, token_id: str | None = None
) -> Mapping[str, Any] | None:
    """A live token, by secret or id, with its account's name and role, unless the account is disabled."""
    by_secret = secret_hash is not None
    values = {"wanted": secret_hash if by_secret else token_id, "now": now}
    return await (_TOKEN_OF_SECRET if by_secret else _TOKEN_OF_ID).row(conn, values)


async def touch_token(conn: AsyncConnection, token_id: str, seen: int) -> None:
    """Note a use."""
    await conn.execute(update(tokens).where(tokens.c.id == token_id).values(last_used_at=seen))


async def list_tokens(conn: AsyncConnection, account_id: str) -> list[Token]:
    """Tokens of an account, newest first."""
    columns = [tokens.c[name] for name in Token.__struct_fields__]
    query = select(*columns).where(tokens.c.account_id == account_id).order_by(tokens.c.id.desc())
    return [msgspec.convert(_plain(row), Token) for row in await conn.execute(query)]


async def delete_token(conn: AsyncConnection, account_id: str, token_id: str) -> bool:
    """Revoke; whether there was one."""
    query = delete(tokens).where(tokens.c.account_id == account_id, tokens.c.id == token_id)
    return (await conn.execute(query)).rowcount > 0


# Audit


async def insert_audit(conn: AsyncConnection, **values: object) -> None:
    """A new row."""
    await conn.execute(insert(audit).values(**values))


async def list_audit(conn: AsyncConnection, *, limit: int, before_id: int | None) -> Sequence[AuditEntry]:
    """Newest first, with the names of who did it."""
    query: Select[Any] = select(audit, accounts.c.name.label("account_name")).outerjoin(
        accounts, accounts.c.id == audit.c.account_id
    )
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    rows = await conn.execute(query.order_by(audit.c.id.desc()).limit(limit))
    return [msgspec.convert(_plain(row), AuditEntry) for row in rows]


async def has_audit(conn: AsyncConnection, action: str) -> bool:
    """Whether there is an entry of this action."""
    query = select(audit.c.id).where(audit.c.action == action).limit(1)
    return (await conn.execute(query)).first() is not None
