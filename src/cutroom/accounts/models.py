"""Who may do what: roles, the principal behind a request, and the values the account pages show."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind


class Role(StrEnum):
    """What an account may do; each role includes the ones before it."""

    VIEWER = "viewer"  # sees shared videos and plays them
    EDITOR = "editor"  # uploads, cuts, and changes what is their own or nobody's
    ADMINISTRATOR = "administrator"  # everything, for everybody

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def account_tag(account_id: str) -> str:
    """The cache tag of what an account owns: a write of it says so with `Transaction.touch`."""
    return f"account:{account_id}"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The account a request acts for, and how it proved it."""

    account_id: str
    name: str
    role: Role
    session_hash: str | None = None  # the session row's key, when a cookie was shown
    token_id: str | None = None  # the token row's id, when a bearer token was shown

    @property
    def is_administrator(self) -> bool:
        """Whether everything is visible to it, private videos included."""
        return self.role is Role.ADMINISTRATOR

    def may_see(self, *, owner_id: str | None, visibility: str) -> bool:
        """Shared is for everybody; private for the owner and administrators."""
        return self.is_administrator or visibility == "shared" or owner_id == self.account_id

    def may_change(self, *, owner_id: str | None) -> bool:
        """Editors change their own and nobody's; administrators change everything."""
        if self.is_administrator:
            return True
        return self.role.covers(Role.EDITOR) and owner_id in (None, self.account_id)

    def require_change(self, *, owner_id: str | None, what: str) -> None:
        """Raise `accounts.forbidden` unless this principal may change what `owner_id` owns."""
        if not self.may_change(owner_id=owner_id):
            raise CutroomError(
                "accounts.forbidden",
                f"This {what} belongs to somebody else.",
                hint="Its owner or an administrator can change it.",
                kind=ErrorKind.FORBIDDEN,
            )

    def require(self, needed: Role) -> None:
        """Raise `accounts.forbidden` when the role does not cover `needed`."""
        if not self.role.covers(needed):
            raise CutroomError(
                "accounts.forbidden",
                f"This needs the role {needed.value}; you are signed in as {self.role.value}.",
                hint="Ask an administrator for the role.",
                kind=ErrorKind.FORBIDDEN,
            )


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person; instants in microseconds since the epoch."""

    id: str
    name: str
    role: Role
    has_password: bool
    created_at: int
    disabled_at: int | None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser. `id` is a hash: it names the session and cannot be used as one."""

    id: str
    account_id: str
    created_at: int
    last_seen_at: int
    expires_at: int
    user_agent: str | None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A personal API token; its secret was shown once and is stored hashed."""

    id: str
    account_id: str
    name: str
    created_at: int
    last_used_at: int | None
    expires_at: int | None


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing somebody did."""

    id: int
    created_at: int
    account_id: str | None  # None: the system, or nobody signed in
    account_name: str | None
    action: str
    subject: str
    remote: str | None
    detail: dict[str, object]


class AuditEntries(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the audit log, newest first, and the cursor of the next."""

    items: list[AuditEntry]
    next: str | None


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A new session: the cookie's secret value, known to nobody else, and when it ends at the latest.

    It ends earlier when it is not used for some weeks; only the row knows when.
    """

    principal: Principal
    secret: str
    ends_at: int


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request came from."""

    remote: str | None
    user_agent: str | None
