"""The application behind its own server, again and again: `python -m tests.faults.serve_uploads DATA PORT`.

Each life is a fork of a process that has imported everything, so that one begins in a moment. What it writes: the
token of an editor, and the process id of each life.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from cutroom.accounts.models import Principal, Role, Visit
from cutroom.api.app import with_settings
from cutroom.bootstrap import container
from cutroom.bootstrap.settings import Settings

RECEIVE_BUFFER = 128 << 10  # bytes; accepted connections inherit it


def main() -> None:
    settings = Settings(data=Path(sys.argv[1]))
    print(_in_a_fork(lambda: asyncio.run(_token(settings))), flush=True)
    while True:
        life = os.fork()
        if life == 0:
            asyncio.run(_serve(settings, int(sys.argv[2])))
            os._exit(0)
        print(f"life {life}", flush=True)
        os.waitpid(life, 0)


def _in_a_fork(work: object) -> str:
    """What `work` returns; its threads and its loop must not be in the process that is forked later."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, work().encode())  # type: ignore[operator]
        os._exit(0)
    os.close(writing)
    os.wait()
    return os.read(reading, 1000).decode()


async def _token(settings: Settings) -> str:
    cutroom = container.build(settings)
    await container.start(cutroom)
    system = Principal(account_id="acc_system", name="system", role=Role.ADMINISTRATOR)
    visit = Visit(remote=None, user_agent=None)
    async with cutroom.database.transaction() as tx:
        account = await cutroom.accounts.create(tx, system, visit, name="ann", role=Role.EDITOR, password_hash=None)
        ann = Principal(account_id=account.id, name="ann", role=Role.EDITOR)
        _, secret = await cutroom.accounts.tokens.create(tx, ann, visit, name="test", expires_in_days=None)
    await cutroom.database.close()
    return secret


async def _serve(settings: Settings, port: int) -> None:
    server = Server(with_settings(settings), port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    while not serving.done() and not _bounded(port):
        await asyncio.sleep(0.002)
    await serving


def _bounded(port: int) -> bool:
    """Keep the kernel from taking megabytes for a server that a busy machine does not let read: they are lost too."""
    for entry in Path("/proc/self/fd").iterdir():
        if not entry.is_symlink() or not str(entry.readlink()).startswith("socket:"):
            continue
        with socket.socket(fileno=os.dup(int(entry.name))) as found:
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1] == port:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
                return True
    return False


if __name__ == "__main__":
    main()
