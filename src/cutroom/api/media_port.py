"""The media port: signed objects that are on the disk, sent by the kernel.

An ASGI server has no way to `sendfile`, so every byte of a range passes through Python there. This listener stands
beside it, in a thread of the same process with nothing but an epoll: it knows GET and HEAD of `/media/{token}/{key}`,
answers from local files only, and leads everything else to the server itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import socket
import threading
import time
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from cutroom.api.media_answers import Answers, Reply
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError

log = logging.getLogger(__name__)

_MOST_HEAD = 16 << 10
_IDLE_SECONDS = 65.0
_STALLED_SECONDS = 300.0
_LOOK_SECONDS = 5.0
_BACKLOG = 512
_SEND_BUFFER = 1 << 20
_MOST_CONNECTIONS = 4096
_READ, _WRITE = select.EPOLLIN | select.EPOLLRDHUP, select.EPOLLOUT


class MediaPort:
    """Listens from `start` to `close`; several server processes share the port."""

    def __init__(self, services: Cutroom, *, host: str, port: int, server_port: int) -> None:
        """`server_port` is where it leads those whose file is not here."""
        self._keys = services.delivery.keys
        self._answers = Answers(services, server_port=server_port)
        self._address = host, port
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._leaving = threading.Event()
        self._task: asyncio.Task[None] | None = None

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
        self._thread = threading.Thread(target=self._serve, name="media port", daemon=True)
        self._thread.start()
        self._task = asyncio.create_task(self._refresh())

    async def close(self) -> None:
        """End every connection."""
        self._leaving.set()
        if self._task is not None:
            self._task.cancel()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(1)
            with suppress(CutroomError, SQLAlchemyError, OSError):  # away for a moment: the keys hold until it is back
                await self._keys.fresh()

    def _serve(self) -> None:
        """The thread: everything that can be done without waiting, then sleep until there is more."""
        assert self._listener is not None
        listener, connections = self._listener, dict[int, _Connection]()
        with select.epoll() as poll, listener:
            poll.register(listener.fileno(), select.EPOLLIN)
            looked_at = time.monotonic()
            while not self._leaving.is_set():
                for descriptor, events in poll.poll(0.2 if not connections else 1.0):
                    connection = connections.get(descriptor)
                    if connection is not None:
                        self._turn(connection, events)
                    elif descriptor == listener.fileno():
                        self._accept(poll, connections)
                now = time.monotonic()
                if now - looked_at > _LOOK_SECONDS:
                    looked_at = now
                    for connection in [one for one in connections.values() if one.idles(now)]:
                        connection.close()
            for connection in list(connections.values()):
                connection.close()

    def _turn(self, connection: _Connection, events: int) -> None:
        try:
            connection.go_on(events)
        except Exception:  # the edge: one connection's trouble is not the others'
            log.exception("the media port hung up on a connection")
            connection.close()

    def _accept(self, poll: select.epoll, connections: dict[int, _Connection]) -> None:
        assert self._listener is not None
        with suppress(OSError):  # somebody who has left again, or no descriptors: the next look takes them
            sock, _ = self._listener.accept()
            if len(connections) >= _MOST_CONNECTIONS:
                sock.close()
                return
            connections[sock.fileno()] = _Connection(sock, self._answers, poll, connections)


class _Connection:
    """One connection: requests one after the other, each answered before the next is read."""

    def __init__(
        self, sock: socket.socket, answers: Answers, poll: select.epoll, others: dict[int, _Connection]
    ) -> None:
        self._sock = sock
        self._fd = sock.fileno()
        self._answers = answers
        self._poll = poll
        self._others = others
        self._read = b""
        self._reply: Reply | None = None
        self._moved_at = time.monotonic()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        poll.register(self._fd, _READ)

    def idles(self, now: float) -> bool:
        """Whether nothing has moved for too long."""
        return now - self._moved_at > (_STALLED_SECONDS if self._reply is not None else _IDLE_SECONDS)

    def close(self) -> None:
        """Hang up."""
        if self._others.pop(self._fd, None) is not None:
            self._poll.unregister(self._fd)
            self._reply = None
            self._sock.close()

    def go_on(self, events: int) -> None:
        """Read what has come, or send on what did not fit before."""
        if self._reply is not None:
            if events & (select.EPOLLERR | select.EPOLLHUP):
                self.close()
            elif events & _WRITE and self._send():
                self._poll.modify(self._fd, _READ)
                self._next()
            return
        try:
            data = self._sock.recv(_MOST_HEAD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._read = self._read + data if self._read else data
        self._next()

    def _next(self) -> None:
        """Answer what has been read, for as long as the answers go out at once."""
        while self._reply is None and self._read and self._fd in self._others:
            head, end, rest = self._read.partition(b"\r\n\r\n")
            if not end or len(head) > _MOST_HEAD:
                if len(self._read) > _MOST_HEAD:
                    self.close()
                return
            self._read = rest
            self._moved_at = now = time.monotonic()
            self._reply = self._answers.to(head, now)
            if not self._send() and self._reply is not None:
                self._poll.modify(self._fd, _WRITE)  # nothing more is read before this has gone out

    def _send(self) -> bool:
        """Whether the whole answer has gone out."""
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
                    return False
                reply.start += sent
                reply.left -= sent
        except BlockingIOError:
            self._moved_at = time.monotonic()
            return False
        except OSError:
            self.close()
            return False
        if reply.head:
            return False
        self._reply = None
        if reply.last:
            self.close()
            return False
        return True
