import httpx
import pytest
from sqlalchemy import update

from cutroom.accounts.models import Role, Visit
from cutroom.accounts.tables import login_links
from cutroom.core import clock

from .conftest import PASSWORD, Server, Somebody

VISIT = Visit(remote="192.0.2.1", user_agent="test")


async def setup_link(server: Server) -> str:
    async with server.services.database.transaction() as tx:
        return await server.services.accounts.links.new_setup(tx)


async def set_up(server: Server) -> httpx.AsyncClient:
    http = server.client()
    asked = {"token": await setup_link(server), "name": "Root", "password": PASSWORD}
    answer = await http.post("/api/setup", json=asked)
    assert answer.status_code == 200, answer.text
    return http


async def test_from_the_printed_link_to_a_signed_in_administrator(server: Server):
    http = server.client()
    state = (await http.get("/api/session")).json()
    assert (state["account"], state["setup_required"]) == (None, True)
    token = await setup_link(server)
    answer = await http.post("/api/setup", json={"token": token, "name": "Root", "password": PASSWORD})
    assert answer.json()["account"]["role"] == "administrator"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    state = (await http.get("/api/session")).json()
    assert (state["account"]["name"], state["setup_required"]) == ("root", False)
    again = await server.client().post("/api/setup", json={"token": token, "name": "Eve", "password": PASSWORD})
    assert again.status_code == 409


async def test_a_weak_password_does_not_use_the_link_up(server: Server):
    token = await setup_link(server)
    answer = await server.client().post("/api/setup", json={"token": token, "name": "Root", "password": "short"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "accounts.password-short")
    answer = await server.client().post("/api/setup", json={"token": token, "name": "Root", "password": PASSWORD})
    assert answer.status_code == 200


async def test_a_made_up_setup_link_is_refused(server: Server):
    await setup_link(server)
    answer = await server.client().post("/api/setup", json={"token": "x" * 43, "name": "Eve", "password": PASSWORD})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "accounts.link-invalid")


async def test_one_time_links_work_once_and_not_late(server: Server, ann: Somebody):
    accounts = server.services.accounts
    async with server.services.database.transaction() as tx:
        token = await accounts.links.new_login(tx, ann.principal.account_id)
    assert (await server.client().post("/api/session/link", json={"token": token})).status_code == 200
    used = await server.client().post("/api/session/link", json={"token": token})
    assert (used.status_code, used.json()["error"]["code"]) == (401, "accounts.link-invalid")
    async with server.services.database.transaction() as tx:
        token = await accounts.links.new_login(tx, ann.principal.account_id)
        await tx.conn.execute(update(login_links).values(expires_at=clock.now() - 1))
    assert (await server.client().post("/api/session/link", json={"token": token})).status_code == 401


async def test_password_cookie_and_sign_out(server: Server):
    await set_up(server)
    http = server.client()
    wrong = await http.post("/api/session", json={"name": "root", "password": "not it at all"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "accounts.wrong-password")
    unknown = await http.post("/api/session", json={"name": "nobody", "password": "not it at all"})
    assert unknown.json() == wrong.json()
    assert (await http.get("/api/sessions")).status_code == 401
    assert (await http.post("/api/session", json={"name": "ROOT", "password": PASSWORD})).status_code == 200
    stolen = dict(http.cookies)
    assert (await http.get("/api/sessions")).json()["items"][0]["current"] is True
    assert (await http.delete("/api/session")).status_code == 204
    assert (await http.get("/api/sessions")).status_code == 401
    thief = server.client()
    thief.cookies.update(stolen)
    assert (await thief.get("/api/sessions")).status_code == 401


async def test_guessing_is_slowed_down(server: Server):
    await set_up(server)
    http = server.client(address="198.51.100.7")
    for _ in range(5):
        assert (await http.post("/api/session", json={"name": "root", "password": "guess"})).status_code == 401
    answer = await http.post("/api/session", json={"name": "root", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    elsewhere = server.client(address="198.51.100.8")
    assert (await elsewhere.post("/api/session", json={"name": "root", "password": PASSWORD})).status_code == 200


async def test_a_cookie_does_not_write_for_another_site(server: Server):
    http = await set_up(server)
    asked = {"name": "script"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}):
        answer = await http.post("/api/tokens", json=asked, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "http.cross-site")
    assert (await http.post("/api/tokens", json=asked, headers={"sec-fetch-site": "same-origin"})).status_code == 201


async def test_sessions_are_revoked_one_by_one_or_all(server: Server):
    first = await set_up(server)
    second = server.client()
    await second.post("/api/session", json={"name": "root", "password": PASSWORD})
    listed = (await second.get("/api/sessions")).json()["items"]
    [other] = [session["id"] for session in listed if not session["current"]]
    assert (await second.delete("/api/sessions", params={"id": other})).status_code == 204
    assert (await first.get("/api/sessions")).status_code == 401
    assert (await second.delete("/api/sessions")).status_code == 204
    assert (await second.get("/api/sessions")).status_code == 401


async def test_tokens_are_shown_once_and_end_when_revoked(server: Server):
    http = await set_up(server)
    made = (await http.post("/api/tokens", json={"name": "script", "expires_in_days": 7})).json()
    assert made["secret"].startswith("ctr_")
    script = server.client(made["secret"])
    assert (await script.get("/api/session")).json()["account"]["name"] == "root"
    listed = await http.get("/api/tokens")
    assert made["secret"] not in listed.text
    assert listed.json()["items"][0]["last_used_at"] is not None
    assert (await http.delete(f"/api/tokens/{made['token']['id']}")).status_code == 204
    assert (await script.get("/api/tokens")).status_code == 401
    assert (await server.client("ctr_" + "x" * 43).get("/api/tokens")).status_code == 401


async def test_accounts_are_for_administrators(server: Server, admin: Somebody, ann: Somebody):
    assert (await ann.http.get("/api/accounts")).status_code == 403
    assert (await ann.http.post("/api/accounts", json={"name": "x"})).status_code == 403
    assert (await ann.http.get("/api/audit")).status_code == 403
    made = await admin.http.post("/api/accounts", json={"name": "Cy", "role": "viewer"})
    assert made.status_code == 201
    link = made.json()["link_token"]
    assert (await server.client().post("/api/session/link", json={"token": link})).json()["account"]["name"] == "cy"
    promoted = await admin.http.patch(f"/api/accounts/{made.json()['account']['id']}", json={"role": "editor"})
    assert promoted.json()["role"] == "editor"
    own = await ann.http.patch(f"/api/accounts/{ann.principal.account_id}", json={"role": "administrator"})
    assert own.status_code == 403
    actions = [entry["action"] for entry in (await admin.http.get("/api/audit")).json()["items"]]
    assert "account.create" in actions
    assert "account.change" in actions


async def test_the_audit_log_comes_in_pages(server: Server, admin: Somebody):
    for number in range(5):
        await admin.http.post("/api/accounts", json={"name": f"p{number}"})
    seen: list[int] = []
    after = None
    while True:
        page = (await admin.http.get("/api/audit", params={"limit": 3, **({"after": after} if after else {})})).json()
        seen += [entry["id"] for entry in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) >= 5
    forged = await admin.http.get("/api/audit", params={"after": "12"})
    assert (forged.status_code, forged.json()["error"]["code"]) == (400, "audit.cursor-invalid")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_roles_are_kept(server: Server, role: Role):
    somebody = await server.person("dee", role)
    asked = {"paths": ["/etc"]}
    assert (await somebody.http.post("/api/videos", json=asked)).status_code == 403
    expected = 403 if role is Role.VIEWER else 400
    clip = {"video_id": "vid_none", "in_frame": 0, "out_frame": 5, "padding_seconds": "x"}
    answer = await somebody.http.post("/api/clips", json=clip)
    assert answer.status_code in (expected, 404 if role is Role.EDITOR else 403)
    assert (await server.client().get("/api/videos")).status_code == 401
