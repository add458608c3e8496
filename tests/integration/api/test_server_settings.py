from pathlib import Path

import httpx

from cutroom.api.app import with_settings
from cutroom.bootstrap.settings import ServerSettings, Settings

from .conftest import PASSWORD


def settings(tmp_path: Path, **server: object) -> Settings:
    return Settings(data=tmp_path / "data", server=ServerSettings.model_validate(server))


async def test_other_sites_read_only_where_a_setting_names_them(tmp_path: Path):
    app = with_settings(settings(tmp_path, cors_origins=("https://tool.example",)))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8400") as http:
            asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
            for origin, allowed in (("https://tool.example", "https://tool.example"), ("https://evil.example", None)):
                answer = await http.options("/api/videos", headers={"origin": origin, **asked})
                assert answer.headers.get("access-control-allow-origin") == allowed
                # Never with cookies: other sites show a token.
                assert "access-control-allow-credentials" not in answer.headers


async def test_by_default_no_other_site_reads(tmp_path: Path):
    app = with_settings(settings(tmp_path))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8400") as http:
            answer = await http.get("/api/session", headers={"origin": "https://tool.example"})
            assert "access-control-allow-origin" not in answer.headers


async def test_behind_a_trusted_proxy_the_cookie_is_secure_and_the_client_is_the_forwarded_one(tmp_path: Path):
    for trusted, secure, remote in ((("127.0.0.1",), True, "203.0.113.9"), ((), False, "127.0.0.1")):
        folder = tmp_path / str(secure)
        app = with_settings(settings(folder, trusted_proxies=trusted, public_url="https://cut.example"))
        async with app.router.lifespan_context(app):
            accounts, database = app.state.cutroom.accounts, app.state.cutroom.database
            async with database.transaction() as tx:
                token = await accounts.links.new_setup(tx)
            transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
            headers = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9", "host": "cut.example"}
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as http:
                asked = {"token": token, "name": "root", "password": PASSWORD}
                answer = await http.post("/api/setup", json=asked)
            assert ("secure" in answer.headers["set-cookie"].lower()) is secure
            async with database.read() as conn:
                [entry, *_] = (await accounts.audit.page(conn, limit=5, after=None)).items
            assert entry.remote == remote
