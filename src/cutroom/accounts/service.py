"""People: who exists, who may do what, signing in; sessions, tokens, links and the audit log hang on it."""

from __future__ import annotations

import unicodedata

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts import store
from cutroom.accounts.auditing import AuditLog
from cutroom.accounts.errors import wrong_password
from cutroom.accounts.links import Links
from cutroom.accounts.models import Account, Principal, Role, SignedIn, Visit
from cutroom.accounts.passwords import Passwords
from cutroom.accounts.sessions import Sessions
from cutroom.accounts.throttle import Throttle
from cutroom.accounts.tokens import Tokens
from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorKind, not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction


class AccountService:
    """The verbs of accounts. Those that take a `Transaction` join it; the caller commits."""

    def __init__(
        self,
        database: Database,
        *,
        session_days: int = 30,
        session_longest_days: int = 365,
        link_minutes: int = 60,
        password_length: int = 10,
    ) -> None:
        self._database = database
        self.audit = AuditLog()
        self.passwords = Passwords(minimum_length=password_length)
        self.throttle = Throttle()
        self.sessions = Sessions(database, self.audit, idle_days=session_days, longest_days=session_longest_days)
        self.tokens = Tokens(database, self.audit)
        self.links = Links(self.audit, minutes=link_minutes)

    # Signing in

    async def setup_required(self) -> bool:
        """Whether no administrator exists yet."""
        async with self._database.read() as conn:
            return not await store.administrators(conn)

    async def check_setup_link(self, secret: str) -> None:
        """Raise unless this is a good set-up link; does not use it up."""
        async with self._database.read() as conn:
            await self.links.check_setup(conn, secret)

    async def set_up(self, tx: Transaction, secret: str, name: str, password_hash: str, visit: Visit) -> SignedIn:
        """Create the first administrator with the printed link, and sign in."""
        await self.links.spend_setup(tx, secret)
        account = await self._insert(tx, name=name, role=Role.ADMINISTRATOR, password_hash=password_hash)
        await self.audit.record(tx, account.id, "account.setup", account.id, visit, name=account.name)
        return await self.sessions.open(tx, account, visit, how="setup")

    async def sign_in_with_link(self, tx: Transaction, secret: str, visit: Visit) -> SignedIn:
        """Sign in with a one-time link."""
        account = await self.links.spend_login(tx, secret, visit)
        return await self.sessions.open(tx, account, visit, how="link")

    async def check_password(self, name: str, password: str, visit: Visit) -> Account:
        """The account of this name and password; slower and slower after failures."""
        folded = fold(name)
        self.throttle.check(visit, folded)
        async with self._database.read() as conn:
            account = await store.find_account(conn, name=folded)
            stored = await store.password_hash(conn, account.id) if account else None
        good = await self.passwords.verify(stored, password)
        if account is None or not good or account.disabled_at is not None:
            self.throttle.failed(visit, folded)
            async with self._database.transaction() as tx:
                await self.audit.record(tx, None, "session.refused", folded[:64], visit)
            raise wrong_password()
        self.throttle.succeeded(visit, folded)
        return account

    # People

    async def everybody(self, conn: AsyncConnection) -> list[Account]:
        """Everybody, by name."""
        return await store.list_accounts(conn)

    async def find(self, conn: AsyncConnection, name: str) -> Account:
        """The account of this name, or `account.not-found`."""
        account = await store.find_account(conn, name=fold(name))
        if account is None:
            raise not_found("account", name)
        return account

    async def administrators(self, conn: AsyncConnection) -> list[Account]:
        """Accounts that can administrate now."""
        return await store.administrators(conn)

    async def create(
        self, tx: Transaction, actor: Principal, visit: Visit, *, name: str, role: Role, password_hash: str | None
    ) -> Account:
        """Add a person."""
        account = await self._insert(tx, name=name, role=role, password_hash=password_hash)
        await self.audit.record(tx, actor, "account.create", account.id, visit, name=account.name, role=role.value)
        return account

    async def prepare_password(
        self, actor: Principal, account_id: str, *, password: str | None, current: str | None, visit: Visit
    ) -> str | None:
        """Check that the actor may set this password and hash it; outside any transaction, as it takes a while."""
        if password is None:
            return None
        if actor.account_id != account_id:
            actor.require(Role.ADMINISTRATOR)
            return await self.passwords.hash(password)
        async with self._database.read() as conn:
            stored = await store.password_hash(conn, account_id)
            recent = await self.sessions.is_recent(conn, actor)
        # Whoever signed in just now has proved enough, and with a one-time link has no password to show. Later,
        # a borrowed browser must not be enough to take the account over.
        if stored is not None and not recent:
            self.throttle.check(visit, account_id)
            if not await self.passwords.verify(stored, current or ""):
                self.throttle.failed(visit, account_id)
                raise wrong_password()
        return await self.passwords.hash(password)

    async def change(
        self,
        tx: Transaction,
        actor: Principal,
        visit: Visit,
        account_id: str,
        *,
        role: Role | None,
        disabled: bool | None,
        password_hash: str | None,
    ) -> Account:
        """Change a role, disable or enable, set a password that `prepare_password` has hashed."""
        if role is not None or disabled is not None or actor.account_id != account_id:
            actor.require(Role.ADMINISTRATOR)
        account = await store.find_account(tx.conn, account_id=account_id)
        if account is None:
            raise not_found("account", account_id)
        values: dict[str, object] = {}
        if role is not None:
            values["role"] = role.value
        if disabled is not None:
            values["disabled_at"] = clock.now() if disabled else None
        if password_hash is not None:
            values["password_hash"] = password_hash
        if values:
            await store.update_account(tx.conn, account_id, **values)
        if not await store.administrators(tx.conn):
            raise CutroomError(
                "accounts.last-administrator",
                "This is the last administrator; the server would have none.",
                hint="Make somebody else an administrator first.",
                kind=ErrorKind.CONFLICT,
            )
        if password_hash is not None or disabled:
            await store.delete_sessions(tx.conn, account_id, keep=actor.session_hash)
        changed = [name.removesuffix("_hash").removesuffix("_at") for name in values]
        await self.audit.record(tx, actor, "account.change", account_id, visit, changed=changed)
        found = await store.find_account(tx.conn, account_id=account_id)
        assert found is not None
        return found

    async def current(self, principal: Principal) -> Principal | None:
        """The principal behind a long-lived stream as it is now; None once its session or token has ended."""
        async with self._database.read() as conn:
            if principal.session_hash is not None:
                return await self.sessions.current(conn, principal.session_hash)
            return await self.tokens.current(conn, principal.token_id) if principal.token_id else None

    async def _insert(self, tx: Transaction, *, name: str, role: Role, password_hash: str | None) -> Account:
        folded = fold(name)
        if not folded or not folded.isprintable():
            raise CutroomError("accounts.name-invalid", "The name is empty or holds characters that do not print.")
        if await store.find_account(tx.conn, name=folded) is not None:
            raise CutroomError(
                "accounts.name-taken", f"There is an account named {folded!r} already.", kind=ErrorKind.CONFLICT
            )
        account = Account(
            id=new_id("acc"),
            name=folded,
            role=role,
            has_password=password_hash is not None,
            created_at=clock.now(),
            disabled_at=None,
        )
        await store.insert_account(tx.conn, account, password_hash)
        return account


def fold(name: str) -> str:
    """How a name is stored and looked up: composed, without outer blanks, case-folded."""
    return unicodedata.normalize("NFKC", name).strip().casefold()
