"""Connections that go to the very address that was checked, whatever the name resolves to a moment later."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

import httpcore

from cutroom.core.errors import CutroomError
from cutroom.net import errors
from cutroom.net.addresses import Address, Allowed

Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]
"""The addresses of a host, best first. Raises OSError when there are none."""


async def resolve(host: str, port: int) -> list[Address]:
    """By the system's own rules: its hosts file, its name servers; numbers in any spelling it takes."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


class Guard(httpcore.AsyncNetworkBackend):
    """What `httpcore` opens its connections with. Every connection is resolved and checked anew, redirects included."""

    def __init__(self, allowed: Allowed, resolver: Resolver = resolve) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._network = httpcore.AnyIOBackend()

    async def permitted(self, host: str, port: int) -> list[Address]:
        """The addresses of a host that may be reached. Raises `net.unknown-host` and `net.address-refused`."""
        try:
            found = await self._resolver(host, port)
        except (OSError, UnicodeError):
            raise errors.unknown_host(host) from None
        good = [address for address in found if self._allowed.permits(host, address)]
        if not good:
            raise errors.address_refused(host, str(found[0])) if found else errors.unknown_host(host)
        return good

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first permitted address that answers."""
        failure: Exception | None = None
        for address in await self.permitted(host, port):
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Never: no URL leads to a socket of this machine."""
        raise CutroomError("net.url-invalid", "Sockets of this machine cannot be asked.")

    async def sleep(self, seconds: float) -> None:
        """For `httpcore`'s own pauses."""
        await asyncio.sleep(seconds)
