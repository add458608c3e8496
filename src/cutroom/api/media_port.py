"""The media port: signed objects that are on the disk, sent by the kernel.

An ASGI server has no way to `sendfile`, so every byte of a range passes through Python there. This listener stands
beside it, in the same process and on the same loop: it knows GET and HEAD of `/media/{token}/{key}`, answers from local
files only, and leads everything else to the server itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from cutroom.api.media_answers import Answers, Reply
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError

_MOST_HEAD = 16 << 10
_IDLE_SECONDS = 65.0
_STALLED_SECONDS = 300.0
_LOOK_SECONDS = 5.0
_BACKLOG = 512
_SEND_BUFFER = 1 << 20
_MOST_CONNECTIONS = 4096


class MediaPort:
    """Listens from `start` to `close`; several server processes share the port."""

    def __init__(self, services: Cutroom, *, host: str, port: int, server_port: int) -> None:
        """`server_port` is where it leads those whose file is not here."""
        self._keys = services.delivery.keys
        self._answers = Answers(services, server_port=server_port)
        self._address = host, port
        self._listener: socket.socket | None = None
        self._connections: set[_Connection] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """Where it listens, also when that was left to the system."""
        assert self._listener is not None
        return int(self._listener.getsockname()[1])

    async def start(self) -> None:
        """Begin to listen. Raises OSError when the port is taken by another program."""
        await self._keys.fresh()
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(*self._address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        self._listener = listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG, reuse_port=True)
        listener.setblocking(False)
        loop.add_reader(listener.fileno(), self._accept)
        self._tasks = [asyncio.create_task(self._refresh()), asyncio.create_task(self._look_for_idle())]

    async def close(self) -> None:
        """End every connection."""
        for task in self._tasks:
            task.cancel()
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
        for connection in list(self._connections):
            connection.close()

    def _accept(self) -> None:
        assert self._listener is not None
        with suppress(OSError):  # somebody who has left again, or no descriptors: the next look takes them
            sock, _ = self._listener.accept()
            if len(self._connections) >= _MOST_CONNECTIONS:
                sock.close()
                return
            self._connections.add(_Connection(sock, self._answers, self._connections))

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(1)
            with suppress(CutroomError, SQLAlchemyError, OSError):  # away for a moment: the keys hold until it is back
                await self._keys.fresh()

    async def _look_for_idle(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            for connection in list(self._connections):
                if now - connection.moved_at > (_STALLED_SECONDS if connection.sending else _IDLE_SECONDS):
                    connection.close()


class _Connection:
    """One connection: requests one after the other, each answered before the next is read."""

    def __init__(self, sock: socket.socket, answers: Answers, others: set[_Connection]) -> None:
        self._sock = sock
        self._fd = sock.fileno()
        self._answers = answers
        self._others = others
        self._loop = asyncio.get_running_loop()
        self._read = b""
        self._reply: Reply | None = None
        self._waits = False  # for room in the socket's buffer
        self.moved_at = time.monotonic()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._loop.add_reader(self._fd, self._readable)

    @property
    def sending(self) -> bool:
        """Whether an answer is under way."""
        return self._reply is not None

    def close(self) -> None:
        """Hang up."""
        if self in self._others:
            self._others.discard(self)
            self._loop.remove_reader(self._fd)
            if self._waits:
                self._loop.remove_writer(self._fd)
            self._reply = None
            self._sock.close()

    def _readable(self) -> None:
        try:
            data = self._sock.recv(_MOST_HEAD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or len(self._read) + len(data) > 2 * _MOST_HEAD:
            self.close()
            return
        self._read = self._read + data if self._read else data
        if self._reply is None:
            self._next()

    def _next(self) -> None:
        """Answer what has been read, for as long as the answers go out at once."""
        while self._reply is None and self in self._others:
            head, end, rest = self._read.partition(b"\r\n\r\n")
            if not end:
                if len(self._read) > _MOST_HEAD:
                    self.close()
                return
            self._read = rest
            self.moved_at = time.monotonic()
            self._reply = self._answers.to(head, self.moved_at)
            self._send()

    def _writable(self) -> None:
        self._send()
        self._next()

    def _send(self) -> None:
        reply = self._reply
        assert reply is not None
        try:
            if reply.head:
                sent = self._sock.send(reply.head, socket.MSG_MORE if reply.left else 0)
                reply.head = reply.head[sent:]
            while reply.left and not reply.head:
                assert reply.file is not None
                sent = os.sendfile(self._fd, reply.file.fileno(), reply.start, reply.left)
                if not sent:
                    self.close()  # it became shorter: the length that was promised cannot be kept
                    return
                reply.start += sent
                reply.left -= sent
                self.moved_at = time.monotonic()
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if reply.head or reply.left:
            if not self._waits:
                self._waits = True
                self._loop.add_writer(self._fd, self._writable)
            return
        if self._waits:
            self._waits = False
            self._loop.remove_writer(self._fd)
        self._reply = None
        if reply.last:
            self.close()
