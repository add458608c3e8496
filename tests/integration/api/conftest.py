from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cutroom.accounts.models import Principal, Role, Visit
from cutroom.api.app import with_settings
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import DatabaseSettings, Settings
from cutroom.library.models import FoundFile, Visibility
from tests.databases import copy_sqlite

VISIT = Visit(remote="192.0.2.1", user_agent="test")
PASSWORD = "correct horse battery"


@dataclass
class Somebody:
    """An account with a token, and a client that shows it."""

    principal: Principal
    http: httpx.AsyncClient


@dataclass
class Server:
    """The whole application in this process, on a data directory of its own."""

    app: FastAPI
    services: Cutroom
    folder: Path

    def client(self, token: str | None = None, *, address: str = "192.0.2.9") -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 50000))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:8400", headers=headers)

    async def person(self, name: str, role: Role) -> Somebody:
        system = Principal(account_id="acc_system", name="system", role=Role.ADMINISTRATOR)
        accounts = self.services.accounts
        async with self.services.database.transaction() as tx:
            account = await accounts.create(tx, system, VISIT, name=name, role=role, password_hash=None)
            principal = Principal(account_id=account.id, name=name, role=role)
            _, secret = await accounts.tokens.create(tx, principal, VISIT, name="test", expires_in_days=None)
        return Somebody(principal, self.client(secret))

    async def video(
        self, name: str, owner: Somebody | None, visibility: Visibility, content: bytes = b"x" * 1000
    ) -> str:
        path = self.folder / "footage" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        status = path.stat()
        found = FoundFile(location=bytes(path), size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)
        async with self.services.database.transaction() as tx:
            added = await self.services.library.add_reference(
                tx, [found], owner_id=owner.principal.account_id if owner else None, visibility=visibility
            )
        return added.added[0]


@pytest.fixture
async def settings(tmp_path: Path, api_database_url: str) -> Settings:
    return Settings(data=tmp_path / "data", database=DatabaseSettings(url=api_database_url))


@pytest.fixture
async def server(settings: Settings, tmp_path: Path) -> AsyncIterator[Server]:
    copy_sqlite(settings.data / "cutroom.db")
    app = with_settings(settings, ui=tmp_path / "no-ui")
    async with app.router.lifespan_context(app):
        yield Server(app, app.state.cutroom, tmp_path)


@pytest.fixture
async def admin(server: Server) -> Somebody:
    return await server.person("root", Role.ADMINISTRATOR)


@pytest.fixture
async def ann(server: Server) -> Somebody:
    return await server.person("ann", Role.EDITOR)


@pytest.fixture
async def bo(server: Server) -> Somebody:
    return await server.person("bo", Role.EDITOR)


@pytest.fixture
async def viewer(server: Server) -> Somebody:
    return await server.person("vic", Role.VIEWER)
