"""`cutroom serve`: the server, the job runner beside it, and on the first start a link and something to play."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutroom.core.errors import CutroomError

if TYPE_CHECKING:
    from cutroom.bootstrap.datadir import DataDirectory
    from cutroom.bootstrap.settings import Settings
    from cutroom.processes.companion import Companion

_READY_SECONDS = 300.0


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free one.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data directory.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Server processes.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    sample: Annotated[bool, typer.Option(help="Make sample footage when the library is empty.")] = True,
) -> None:
    """Serve the library on a page and as an API, and run its jobs.

    Example: cutroom serve --port 8400 --data /srv/footage/cutroom
    """
    from cutroom.api.server import check_certificate, check_free
    from cutroom.bootstrap.datadir import DataDirectory
    from cutroom.bootstrap.settings import load

    settings = _with_options(load(data), host=host, port=port, workers=workers)
    check_certificate(settings.server.tls_certificate, settings.server.tls_key)
    folder = DataDirectory(settings.data)
    folder.create()
    server = settings.server
    if server.port == 0:
        settings = _with_options(settings, port=check_free(server.host, 0))
    url = _url(settings)
    with folder.locked(url=url):
        check_free(settings.server.host, settings.server.port)
        _pass_on(settings)
        _serve(settings, folder, url, open_=open_, sample=sample)


def _serve(settings: Settings, folder: DataDirectory, url: str, *, open_: bool, sample: bool) -> None:
    from cutroom.api import server

    secret = asyncio.run(_prepare(settings))
    companions: list[Companion] = []
    link = f"{url}/setup#{secret}" if secret else None
    threading.Thread(
        target=_when_ready,
        args=(settings, folder, url, link, companions),
        kwargs={"open_": open_, "sample": sample},
        daemon=True,
    ).start()

    def stop() -> None:
        for companion in companions:
            companion.ask_to_stop()

    try:
        certificate, key = server.check_certificate(settings.server.tls_certificate, settings.server.tls_key)
        server.run(
            host=settings.server.host,
            port=settings.server.port,
            workers=settings.server.workers,
            certificate=certificate,
            key=key,
            on_stop=stop,
        )
    finally:
        for companion in companions:
            companion.stop()
    print("Stopped.", flush=True)


async def _prepare(settings: Settings) -> str | None:
    """Upgrade the database; a new set-up secret while there is no administrator."""
    from cutroom.bootstrap.container import build, start
    from cutroom.bootstrap.shared_storage import mark

    cutroom = build(settings)
    cutroom.sheets.clear()
    try:
        await start(cutroom)
        if not cutroom.database.is_sqlite:
            await mark(cutroom)
        if not await cutroom.accounts.setup_required():
            return None
        async with cutroom.database.transaction(durable=True) as tx:
            return await cutroom.accounts.links.new_setup(tx)
    finally:
        await cutroom.database.close()


def _when_ready(
    settings: Settings,
    folder: DataDirectory,
    url: str,
    link: str | None,
    companions: list[Companion],
    *,
    open_: bool,
    sample: bool,
) -> None:
    """Wait for the server, say where it is, start the job runner, and fill an empty library."""
    from cutroom.processes.companion import Companion

    if not _answers(url):
        return
    print(_greeting(folder.root, url, link, settings), flush=True)
    log = folder.scratch / "worker.log"
    companions.append(Companion("cutroom.worker", ["--data", str(folder.root)], log=log))
    if open_:
        webbrowser.open(link or url)
    if sample:
        try:
            asyncio.run(_fill(settings))
        except CutroomError as error:
            print(f"The sample footage could not be made: {error.message}", file=sys.stderr)


async def _fill(settings: Settings) -> None:
    from cutroom.bootstrap import sample
    from cutroom.bootstrap.container import build

    cutroom = build(settings)
    try:
        if await sample.wanted(cutroom):
            print("Making a minute of sample footage for the empty library…", flush=True)
            begun = time.monotonic()
            await sample.add_sample(cutroom)
            print(f"The sample footage is in the library ({time.monotonic() - begun:.0f} s).", flush=True)
    finally:
        await cutroom.database.close()


def _greeting(data: Path, url: str, link: str | None, settings: Settings) -> str:
    lines = [f"Cutroom serves {data}", f"  {url}"]
    if settings.server.host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        lines.append("  It listens on every address of this machine.")
    if link:
        minutes = settings.accounts.link_minutes
        lines += ["", f"Open this link to create the administrator; it works once, for {minutes} minutes:", f"  {link}"]
    return "\n".join([*lines, "", "Ctrl-C stops it."])


def _answers(url: str) -> bool:
    """Whether the server came up in time."""
    until = time.monotonic() + _READY_SECONDS
    # Never ask a proxy for ourselves; whose name the certificate bears is no question here.
    itself = ssl.create_default_context()
    itself.check_hostname, itself.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=itself))
    while time.monotonic() < until:
        try:
            with opener.open(f"{url}/health/live", timeout=2) as answer:
                if answer.status == 200:
                    return True
        except OSError:
            time.sleep(0.05)
    return False


def _with_options(
    settings: Settings, *, host: str | None = None, port: int | None = None, workers: int | None = None
) -> Settings:
    given = {"host": host, "port": port, "workers": workers}
    server = settings.server.model_copy(update={name: value for name, value in given.items() if value is not None})
    return settings.model_copy(update={"server": server})


def _pass_on(settings: Settings) -> None:
    """Let the server's processes, which read the environment, see what the command line said."""
    os.environ["CUTROOM_DATA"] = str(settings.data)
    os.environ["CUTROOM_SERVER_HOST"] = settings.server.host
    os.environ["CUTROOM_SERVER_PORT"] = str(settings.server.port)


def _url(settings: Settings) -> str:
    host = settings.server.host
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - shown, not bound
        host = "127.0.0.1"
    scheme = "https" if settings.server.tls_certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.server.port}"
