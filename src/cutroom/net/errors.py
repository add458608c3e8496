"""What can go wrong with a request to somewhere else, each as one sentence."""

from __future__ import annotations

import ssl

from cutroom.core.errors import CutroomError, ErrorKind


def url_invalid(reason: str) -> CutroomError:
    """The URL cannot be asked at all."""
    return CutroomError("net.url-invalid", f"The URL cannot be used: {reason}.", hint="Write https://HOST/PATH.")


def address_refused(host: str, address: str) -> CutroomError:
    """The host is, or resolves to, an address inside some network."""
    return CutroomError(
        "net.address-refused",
        f"{host} is at {address}, which is not a public address.",
        hint="Name the host or its network in CUTROOM_NET_ALLOW if the server is meant to reach it.",
        kind=ErrorKind.FORBIDDEN,
    )


def unknown_host(host: str) -> CutroomError:
    """No address goes by this name."""
    return CutroomError("net.unknown-host", f"There is no host named {host!r}.", kind=ErrorKind.UNAVAILABLE)


def unreachable(host: str, reason: str) -> CutroomError:
    """Nobody takes the connection."""
    return CutroomError("net.unreachable", f"{host} cannot be reached: {reason}.", kind=ErrorKind.UNAVAILABLE)


def certificate_refused(host: str, error: ssl.SSLError) -> CutroomError:
    """The other end does not prove who it is, or speaks no TLS."""
    said = getattr(error, "verify_message", None) or (error.reason or str(error)).replace("_", " ").lower()
    return CutroomError(
        "net.tls-failed",
        f"No secure connection to {host} could be made: {said}.",
        hint="Give it a certificate that this machine trusts.",
        kind=ErrorKind.UNAVAILABLE,
    )


def timed_out(host: str, seconds: float) -> CutroomError:
    """Too slow."""
    message = f"{host} gave no whole answer within {seconds:g} seconds."
    return CutroomError("net.timed-out", message, kind=ErrorKind.UNAVAILABLE)


def broken(host: str, reason: str) -> CutroomError:
    """The connection ended early, or carried something that is not HTTP."""
    message = f"The connection to {host} broke: {reason}."
    return CutroomError("net.broken", message, kind=ErrorKind.UNAVAILABLE)


def too_large(host: str, max_bytes: int) -> CutroomError:
    """More than may be stored."""
    message = f"{host} sends more than the {max_bytes} bytes that are allowed."
    return CutroomError("net.too-large", message, kind=ErrorKind.TOO_LARGE)


def redirect_refused(host: str, reason: str) -> CutroomError:
    """A redirect that is not followed."""
    message = f"{host} redirects, which is not followed: {reason}."
    return CutroomError("net.redirect-refused", message, kind=ErrorKind.FORBIDDEN)


def answered(host: str, status: int) -> CutroomError:
    """An answer other than the one that was needed."""
    return CutroomError("net.status", f"{host} answered {status}.", kind=ErrorKind.FAILED)
