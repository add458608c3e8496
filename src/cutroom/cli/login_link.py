"""`cutroom login-link`: a new one-time link for whoever cannot sign in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutroom.core.errors import CutroomError

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom
    from cutroom.bootstrap.settings import Settings


def login_link(
    name: Annotated[
        str | None, typer.Argument(help="Whose link; the administrator's when there is only one.", show_default=False)
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The data directory.")] = None,
) -> None:
    """Print a one-time link that signs in without a password; before the first set-up, the set-up link.

    Example: cutroom login-link ann
    """
    from cutroom.bootstrap.datadir import DataDirectory
    from cutroom.bootstrap.settings import load

    settings = load(data)
    holder = DataDirectory(settings.data).holder() or {}
    server = settings.server
    url = server.public_url.rstrip("/") or str(holder.get("url") or f"http://{server.host}:{server.port}")
    page, secret = asyncio.run(_make(settings, name))
    print(f"{url}/{page}#{secret}")


async def _make(settings: Settings, name: str | None) -> tuple[str, str]:
    from cutroom.bootstrap.container import build, start

    cutroom = build(settings)
    try:
        await start(cutroom)
        return await _new_secret(cutroom, name)
    finally:
        await cutroom.database.close()


async def _new_secret(cutroom: Cutroom, name: str | None) -> tuple[str, str]:
    accounts = cutroom.accounts
    async with cutroom.database.transaction(durable=True) as tx:
        administrators = await accounts.administrators(tx.conn)
        if not administrators:
            return "setup", await accounts.links.new_setup(tx)
        if name is not None:
            account = await accounts.find(tx.conn, name)
        elif len(administrators) == 1:
            account = administrators[0]
        else:
            names = ", ".join(each.name for each in administrators)
            raise CutroomError("accounts.name-missing", "There are several administrators.", hint=f"Name one: {names}.")
        return "login", await accounts.links.new_login(tx, account.id)
