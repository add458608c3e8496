"""What every request passes before a route sees it: whose name it was sent to, which site sent it, how large it is.

Written as plain ASGI, because it runs for every media segment.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutroom.api.errors import error_response
from cutroom.api.tus import is_upload
from cutroom.core.errors import ErrorDocument

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "media-src 'self' blob:",
        "img-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_MEDIA_RULES = ("media-src", "img-src", "connect-src")
_OPENER = (b"cross-origin-opener-policy", b"same-origin")
_NO_STORE = (b"cache-control", b"no-store")
_OWN_BUSINESS = ("/api/", "/admin/", "/health", "/metrics")
"""What nobody between may keep unless a route says so."""
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the guard goes by."""

    hosts: frozenset[str]  # names that requests may be sent to, lower case, without ports
    any_host: bool = False
    any_address: bool = False  # IP literals too: a page of another site cannot be reached under one
    media_origin: str = ""  # where media comes from besides this server: scheme, name and port
    body_bytes: int = 4 << 20  # the most for a request that is not an upload


def rules(
    *, host: str, allowed_hosts: Iterable[str], public_url: str = "", own_name: str = "", media_origin: str = ""
) -> Rules:
    """The rules of a server that listens on `host`; `own_name` is what the machine calls itself."""
    allowed = {name.lower().strip("[]") for name in allowed_hosts}
    names = {*_LOOPBACK, *allowed, host.lower().strip("[]")}
    if public_url:
        names.add((urlsplit(public_url).hostname or "").lower())
    beyond = not _is_loopback(host)
    if beyond and own_name:
        names |= {own_name.lower(), f"{own_name.lower()}.local"}
    return Rules(
        hosts=frozenset(names - {""}),
        any_host="*" in allowed,
        any_address=beyond,
        media_origin=media_origin,
    )


class RequestGuard:
    """Refuses what must not reach a route, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules
        self._headers = _headers(rules.media_origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trustworthy = scope["scheme"] == "https" or host_name(headers.get("host", "")) in _LOOPBACK

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                _protect(message.setdefault("headers", []), self._headers, scope["path"], trustworthy)
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            status, document = refusal
            await error_response(status, document)(scope, receive, protected)
            return
        if is_upload(scope["path"]):
            await self._app(scope, receive, protected)  # measured by the upload itself, as it streams
        else:
            await self._app(scope, _limited(receive, self._rules.body_bytes), protected)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, ErrorDocument] | None:
        host = headers.get("host", "")
        if not self._host_allowed(host_name(host)):
            return 421, ErrorDocument(
                code="http.unknown-host",
                message=f"This server does not answer to the name {host_name(host)[:100]!r}.",
                hint="If people should reach it by that name, add it to CUTROOM_SERVER_ALLOWED_HOSTS.",
            )
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return 400, ErrorDocument(code="http.invalid-request", message="The address holds a NUL character.")
        if scope["method"] in _UNSAFE and not self._same_site(scope, headers):
            return 403, ErrorDocument(
                code="http.cross-site",
                message="The request came from a page of another site.",
                hint="Scripts and other sites use a personal token: `Authorization: Bearer ctr_…`.",
            )
        length = headers.get("content-length", "")
        if not is_upload(scope["path"]) and length.isdigit() and int(length) > self._rules.body_bytes:
            return 413, ErrorDocument(
                code="http.too-large",
                message=f"The request's body is larger than the {self._rules.body_bytes} bytes that are taken here.",
            )
        return None

    def _host_allowed(self, name: str) -> bool:
        if self._rules.any_host or name in self._rules.hosts or name.endswith(".localhost"):
            return True
        return self._rules.any_address and _is_address(name)

    def _same_site(self, scope: Scope, headers: Headers) -> bool:
        """Whether a write comes from our own page, or from no page at all.

        A bearer token is never added by a browser on its own, so what carries one needs no check. Sec-Fetch-Site is
        sent to secure origins and loopback only; on plain HTTP in a LAN the Origin decides.
        """
        if headers.get("authorization", "").lower().startswith("bearer "):
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https"):
            return False
        here = headers.get("host", "").lower()
        default = ":443" if parts.scheme == "https" else ":80"
        return parts.netloc.lower().removesuffix(default) == here.removesuffix(default)


def host_name(host: str) -> str:
    """The name or address in a Host header, lower case, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host in _LOOPBACK or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


_JSON = (b"content-type", b"application/json")
_OF_DATA = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""Of JSON, which is no document: the other rules are for pages (OWASP's REST cheat sheet), and each header costs."""


def _headers(media_origin: str) -> list[tuple[bytes, bytes]]:
    """The headers, with a place that media may come from besides this server."""
    if not media_origin:
        return _RAW_HEADERS
    policy = "; ".join(
        f"{rule} {media_origin}" if rule.startswith(_MEDIA_RULES) else rule
        for rule in CONTENT_SECURITY_POLICY.split("; ")
    )
    return [(name.encode(), value.encode()) for name, value in {**HEADERS, "content-security-policy": policy}.items()]


def _protect(
    headers: list[tuple[bytes, bytes]], added: list[tuple[bytes, bytes]], path: str, trustworthy: bool
) -> None:
    present = {name for name, _ in headers}
    is_data = _JSON in headers
    headers += [pair for pair in (_OF_DATA if is_data else added) if pair[0] not in present]
    # Browsers complain about the first on plain HTTP, where they ignore it.
    if trustworthy and not is_data and _OPENER[0] not in present:
        headers.append(_OPENER)
    if path.startswith(_OWN_BUSINESS) and _NO_STORE[0] not in present:
        headers.append(_NO_STORE)


def _limited(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413)
        return message

    return counted
