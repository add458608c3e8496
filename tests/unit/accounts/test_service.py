import pytest
from sqlalchemy import select, update

from cutroom.accounts.models import Principal, Role, SignedIn, Visit
from cutroom.accounts.service import AccountService
from cutroom.accounts.tables import login_links, sessions, tokens
from cutroom.core import clock
from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database

VISIT = Visit(remote="192.0.2.1", user_agent="test")
PASSWORD = "correct horse battery"


async def set_up(accounts: AccountService, database: Database) -> SignedIn:
    hashed = await accounts.passwords.hash(PASSWORD)
    async with database.transaction() as tx:
        secret = await accounts.links.new_setup(tx)
    async with database.transaction() as tx:
        return await accounts.set_up(tx, secret, " Ann ", hashed, VISIT)


async def add(accounts: AccountService, database: Database, actor: Principal, name: str, role: Role) -> str:
    async with database.transaction() as tx:
        account = await accounts.create(tx, actor, VISIT, name=name, role=role, password_hash=None)
    return account.id


async def expiry(database: Database) -> int:
    async with database.read() as conn:
        return (await conn.execute(select(sessions.c.expires_at))).scalar_one()


async def test_the_setup_link_makes_one_administrator_and_signs_in(accounts: AccountService, database: Database):
    assert await accounts.setup_required()
    signed_in = await set_up(accounts, database)
    assert (signed_in.principal.name, signed_in.principal.role) == ("ann", Role.ADMINISTRATOR)
    assert not await accounts.setup_required()
    async with database.transaction() as tx:
        with pytest.raises(CutroomError) as refused:
            await accounts.links.new_setup(tx)
    assert refused.value.code == "accounts.already-set-up"


async def test_a_setup_link_is_good_once_and_not_after_its_time(accounts: AccountService, database: Database):
    hashed = await accounts.passwords.hash(PASSWORD)
    async with database.transaction() as tx:
        secret = await accounts.links.new_setup(tx)
        await tx.conn.execute(update(login_links).values(expires_at=clock.now() - 1))
    with pytest.raises(CutroomError, match="one-time link"):
        async with database.transaction() as tx:
            await accounts.set_up(tx, secret, "ann", hashed, VISIT)
    with pytest.raises(CutroomError, match="one-time link"):
        await accounts.check_setup_link(secret)


async def test_a_newer_setup_link_replaces_the_older(accounts: AccountService, database: Database):
    async with database.transaction() as tx:
        older = await accounts.links.new_setup(tx)
        newer = await accounts.links.new_setup(tx)
    await accounts.check_setup_link(newer)
    with pytest.raises(CutroomError):
        await accounts.check_setup_link(older)


async def test_a_login_link_works_once(accounts: AccountService, database: Database):
    admin = (await set_up(accounts, database)).principal
    async with database.transaction() as tx:
        secret = await accounts.links.new_login(tx, admin.account_id)
    async with database.transaction() as tx:
        again = await accounts.sign_in_with_link(tx, secret, VISIT)
    assert again.principal.account_id == admin.account_id
    with pytest.raises(CutroomError) as refused:
        async with database.transaction() as tx:
            await accounts.sign_in_with_link(tx, secret, VISIT)
    assert refused.value.code == "accounts.link-invalid"


async def test_a_login_link_does_not_set_up_and_the_other_way_round(accounts: AccountService, database: Database):
    async with database.transaction() as tx:
        secret = await accounts.links.new_setup(tx)
    with pytest.raises(CutroomError):
        async with database.transaction() as tx:
            await accounts.sign_in_with_link(tx, secret, VISIT)
    await accounts.check_setup_link(secret)


async def test_passwords_sign_in_and_wrong_ones_back_off(accounts: AccountService, database: Database):
    await set_up(accounts, database)
    assert (await accounts.check_password("ANN", PASSWORD, VISIT)).name == "ann"
    for _ in range(5):
        with pytest.raises(CutroomError) as refused:
            await accounts.check_password("ann", "wrong", VISIT)
        assert refused.value.code == "accounts.wrong-password"
    with pytest.raises(CutroomError) as refused:
        await accounts.check_password("ann", PASSWORD, VISIT)
    assert refused.value.code == "accounts.too-many-attempts"
    elsewhere = Visit(remote="192.0.2.77", user_agent=None)
    assert (await accounts.check_password("ann", PASSWORD, elsewhere)).name == "ann"


async def test_short_passwords_are_refused(accounts: AccountService):
    with pytest.raises(CutroomError) as refused:
        await accounts.passwords.hash("short")
    assert refused.value.code == "accounts.password-short"


async def test_a_session_is_stored_hashed_slides_while_used_and_ends(accounts: AccountService, database: Database):
    signed_in = await set_up(accounts, database)
    assert await accounts.sessions.authenticate(signed_in.secret) == signed_in.principal
    assert signed_in.principal.session_hash != signed_in.secret
    soon = clock.now() + 60 * clock.SECOND
    async with database.transaction() as tx:
        await tx.conn.execute(update(sessions).values(last_seen_at=soon - 3600 * clock.SECOND, expires_at=soon))
    assert await accounts.sessions.authenticate(signed_in.secret) is not None
    assert await expiry(database) > soon
    async with database.transaction() as tx:
        await tx.conn.execute(update(sessions).values(expires_at=clock.now() - 1))
    assert await accounts.sessions.authenticate(signed_in.secret) is None
    assert await accounts.current(signed_in.principal) is None


async def test_sliding_stops_at_the_longest_life(database: Database):
    accounts = AccountService(database, session_days=30, session_longest_days=1)
    signed_in = await set_up(accounts, database)
    async with database.transaction() as tx:
        await tx.conn.execute(update(sessions).values(last_seen_at=0))
    assert await accounts.sessions.authenticate(signed_in.secret) is not None
    assert await expiry(database) == signed_in.ends_at


async def test_ending_sessions_revokes_them(accounts: AccountService, database: Database):
    first = await set_up(accounts, database)
    account = await accounts.check_password("ann", PASSWORD, VISIT)
    async with database.transaction() as tx:
        second = await accounts.sessions.open(tx, account, VISIT, how="password")
    async with database.transaction() as tx:
        await accounts.sessions.end(tx, second.principal, VISIT, session_id=first.principal.session_hash)
    assert await accounts.sessions.authenticate(first.secret) is None
    assert await accounts.sessions.authenticate(second.secret) is not None


async def test_nobody_ends_somebody_elses_session(accounts: AccountService, database: Database):
    admin = await set_up(accounts, database)
    stranger = Principal(account_id="acc_other", name="bo", role=Role.ADMINISTRATOR)
    with pytest.raises(CutroomError):
        async with database.transaction() as tx:
            await accounts.sessions.end(tx, stranger, VISIT, session_id=admin.principal.session_hash)
    assert await accounts.sessions.authenticate(admin.secret) is not None


async def test_tokens_work_until_revoked_or_expired(accounts: AccountService, database: Database):
    admin = (await set_up(accounts, database)).principal
    async with database.transaction() as tx:
        token, secret = await accounts.tokens.create(tx, admin, VISIT, name="script", expires_in_days=1)
    assert secret.startswith("ctr_")
    caller = await accounts.tokens.authenticate(secret)
    assert caller is not None
    assert caller.token_id == token.id
    with pytest.raises(CutroomError):
        async with database.transaction() as tx:
            await accounts.tokens.create(tx, caller, VISIT, name="child", expires_in_days=None)
    async with database.transaction() as tx:
        await tx.conn.execute(update(tokens).values(expires_at=clock.now() - 1))
    assert await accounts.tokens.authenticate(secret) is None
    async with database.transaction() as tx:
        await accounts.tokens.revoke(tx, admin, VISIT, token.id)
    assert await accounts.current(caller) is None


async def test_disabling_ends_sessions_and_tokens(accounts: AccountService, database: Database):
    admin = (await set_up(accounts, database)).principal
    other = await add(accounts, database, admin, "bo", Role.EDITOR)
    async with database.transaction() as tx:
        link = await accounts.links.new_login(tx, other)
        signed_in = await accounts.sign_in_with_link(tx, link, VISIT)
        _, secret = await accounts.tokens.create(tx, signed_in.principal, VISIT, name="t", expires_in_days=None)
    async with database.transaction() as tx:
        await accounts.change(tx, admin, VISIT, other, role=None, disabled=True, password_hash=None)
    assert await accounts.sessions.authenticate(signed_in.secret) is None
    assert await accounts.tokens.authenticate(secret) is None


async def test_the_last_administrator_stays(accounts: AccountService, database: Database):
    admin = (await set_up(accounts, database)).principal
    for role, disabled in ((Role.VIEWER, None), (None, True)):
        with pytest.raises(CutroomError) as refused:
            async with database.transaction() as tx:
                await accounts.change(
                    tx, admin, VISIT, admin.account_id, role=role, disabled=disabled, password_hash=None
                )
        assert refused.value.code == "accounts.last-administrator"


async def test_people_change_only_their_own_password(accounts: AccountService, database: Database):
    admin = (await set_up(accounts, database)).principal
    other = await add(accounts, database, admin, "bo", Role.EDITOR)
    editor = Principal(account_id=other, name="bo", role=Role.EDITOR)
    with pytest.raises(CutroomError) as refused:
        await accounts.prepare_password(editor, admin.account_id, password=PASSWORD, current=None, visit=VISIT)
    assert refused.value.code == "accounts.forbidden"
    with pytest.raises(CutroomError) as refused:
        async with database.transaction() as tx:
            await accounts.change(tx, editor, VISIT, other, role=Role.ADMINISTRATOR, disabled=None, password_hash=None)
    assert refused.value.code == "accounts.forbidden"


async def test_an_old_session_must_show_the_current_password(accounts: AccountService, database: Database):
    admin = (await set_up(accounts, database)).principal
    recent = await accounts.prepare_password(admin, admin.account_id, password=PASSWORD, current=None, visit=VISIT)
    assert recent is not None
    async with database.transaction() as tx:
        await tx.conn.execute(update(sessions).values(created_at=0))
    for current in (None, "wrong"):
        with pytest.raises(CutroomError) as refused:
            await accounts.prepare_password(admin, admin.account_id, password=PASSWORD, current=current, visit=VISIT)
        assert refused.value.code == "accounts.wrong-password"
    assert await accounts.prepare_password(admin, admin.account_id, password=PASSWORD, current=PASSWORD, visit=VISIT)


async def test_names_are_unique_whatever_their_case(accounts: AccountService, database: Database):
    admin = (await set_up(accounts, database)).principal
    with pytest.raises(CutroomError) as refused:
        await add(accounts, database, admin, "ANN", Role.VIEWER)
    assert refused.value.code == "accounts.name-taken"
    with pytest.raises(CutroomError):
        await add(accounts, database, admin, "a\nb", Role.VIEWER)


async def test_the_audit_log_tells_who_did_what(accounts: AccountService, database: Database):
    admin = (await set_up(accounts, database)).principal
    await add(accounts, database, admin, "bo", Role.VIEWER)
    with pytest.raises(CutroomError):
        await accounts.check_password("ann", "wrong", VISIT)
    async with database.read() as conn:
        entries = (await accounts.audit.page(conn, limit=10, after=None)).items
    assert [entry.action for entry in entries][:2] == ["session.refused", "account.create"]
    assert entries[1].account_name == "ann"
    assert entries[1].remote == VISIT.remote
