"""Accounts, sessions, tokens and the audit log on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from cutroom.api.schemas.base import Asked, Person, RoleName, Shape


class CurrentAccount(Person):
    role: RoleName


class SessionState(Shape):
    account: CurrentAccount | None
    setup_required: bool = Field(description="No administrator exists yet: use the link that `cutroom serve` printed")
    password_length: int = Field(description="Fewest characters of a new password")
    version: str


class SetupRequest(Asked):
    token: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


class SignInRequest(Asked):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


class LinkRequest(Asked):
    token: str = Field(min_length=1, max_length=200)


class AccountShape(Shape):
    id: str
    name: str
    role: RoleName
    has_password: bool
    created_at: int
    disabled_at: int | None


class AccountPage(Shape):
    items: list[AccountShape]
    next: str | None


class AccountRequest(Asked):
    name: str = Field(min_length=1, max_length=64)
    role: RoleName = "viewer"
    password: str | None = Field(
        default=None, max_length=1024, description="Without one, the answer carries a one-time sign-in token"
    )


class AccountCreated(Shape):
    account: AccountShape
    link_token: str | None = Field(description="For /login#TOKEN, once; given when no password was")


class LinkCreated(Shape):
    link_token: str = Field(description="For /login#TOKEN, once")


class AccountChange(Asked):
    role: RoleName | None = None
    disabled: bool | None = None
    password: str | None = Field(default=None, max_length=1024)
    current_password: str | None = Field(default=None, max_length=1024, description="Needed to change one's own")


class SessionShape(Shape):
    id: str
    created_at: int
    last_seen_at: int
    expires_at: int
    user_agent: str | None
    current: bool


class SessionPage(Shape):
    items: list[SessionShape]
    next: str | None


class TokenShape(Shape):
    id: str
    name: str
    created_at: int
    last_used_at: int | None
    expires_at: int | None


class TokenPage(Shape):
    items: list[TokenShape]
    next: str | None


class TokenRequest(Asked):
    name: str = Field(min_length=1, max_length=64)
    expires_in_days: int | None = Field(default=None, ge=1, le=3650)


class TokenCreated(Shape):
    token: TokenShape
    secret: str = Field(description="ctr_…; shown this once, sent as `Authorization: Bearer`")


class AuditShape(Shape):
    id: int
    created_at: int
    account_id: str | None
    account_name: str | None
    action: str
    subject: str
    remote: str | None
    detail: dict[str, Any]


class AuditPage(Shape):
    items: list[AuditShape]
    next: str | None
