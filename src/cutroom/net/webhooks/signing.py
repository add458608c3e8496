"""Signatures as the Standard Webhooks specification has them, version 1.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cutroom.core.errors import CutroomError

PREFIX = "whsec_"
_NEW_BYTES = 32
_FEWEST_BYTES, _MOST_BYTES = 24, 64


def new_secret() -> str:
    """A secret of 256 bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_NEW_BYTES)).decode("ascii")


def check_secret(secret: str) -> str:
    """A secret that somebody brings along: `whsec_` and 24 to 64 bytes in base 64. Raises `webhook.secret-invalid`."""
    if not _FEWEST_BYTES <= len(_key(secret)) <= _MOST_BYTES:
        raise CutroomError(
            "webhook.secret-invalid",
            f"The secret is not {PREFIX} with {_FEWEST_BYTES} to {_MOST_BYTES} bytes in base 64 after it.",
            hint="Leave it out, and one is made.",
        )
    return secret


def headers(message_id: str, timestamp: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """The three headers of a message; `timestamp` in seconds. One signature for each secret, a blank between them."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    marks = [base64.b64encode(hmac.digest(_key(key), signed, hashlib.sha256)).decode("ascii") for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
    except (binascii.Error, ValueError):
        return b""
