"""The few kinds of URL that are asked."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import idna

from cutroom.net import errors

_MAX = 2_000
_PORTS = {"http": 80, "https": 443}
_KEPT = "!#$%&'()*+,-./:;=?@[]_~"  # what may stand in a path or a query; the rest is escaped


@dataclass(frozen=True, kw_only=True)
class Target:
    """A URL taken apart, once, so that what was checked is what is asked."""

    scheme: str
    host: str  # ASCII, without brackets
    port: int
    path: str  # with the query

    @property
    def shown(self) -> str:
        """The host, with its port where that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole."""
        return f"{self.scheme}://{self.shown}{self.path}"


def parse(url: str) -> Target:
    """A URL with http or https, a host and no credentials. Raises `net.url-invalid`."""
    if len(url) > _MAX:
        raise errors.url_invalid(f"it has more than {_MAX} characters")
    if any(ord(character) <= 0x20 or ord(character) == 0x7F or character == "\\" for character in url):
        raise errors.url_invalid("it holds a blank, a backslash or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise errors.url_invalid(str(error).rstrip(".")) from None
    if parts.scheme not in _PORTS:
        raise errors.url_invalid(f"it begins with {parts.scheme or url[:20]!r} and not with http or https")
    if parts.username is not None or parts.password is not None:
        raise errors.url_invalid("it carries a user name or a password")
    host = _host(parts.hostname or "")
    path = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
    return Target(scheme=parts.scheme, host=host, port=_PORTS[parts.scheme] if port is None else port, path=path)


def follow(target: Target, location: str) -> Target:
    """Where a redirect leads. Raises `net.url-invalid` and `net.redirect-refused`."""
    found = parse(urljoin(target.url, location))
    if target.scheme == "https" and found.scheme == "http":
        raise errors.redirect_refused(target.shown, "it leads from https to http")
    return found


def _host(name: str) -> str:
    if not name or "%" in name:
        raise errors.url_invalid("it names no host" if not name else "its host holds a percent sign")
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise errors.url_invalid(f"{name!r} is not a host name") from None
