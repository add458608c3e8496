"""Signed addresses: `/media/{token}/{key}`, where one token covers every key below a prefix.

A token is `{key id}.{expiry}.{depth}.{who}.{mac}`: expiry in seconds since the epoch and hexadecimal, depth the number
of leading parts of the key that are signed, who a mark of the session, mac an HMAC-SHA256 in base64url. The token is a
part of the path, so that names relative to a playlist keep it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

from cutroom.delivery.models import Refusal, SigningKey

_TOKEN = re.compile(r"([A-Za-z0-9]{4,16})\.([0-9a-f]{8,10})\.([0-9]{1,2})\.([0-9a-f]{0,16})\.([A-Za-z0-9_-]{43})")
_DOMAIN = "cutroom-media-1"


def sign(key: SigningKey, prefix: str, *, expires_at: int, who: str = "") -> str:
    """A token for everything below the object key prefix, until `expires_at` (seconds since the epoch)."""
    expiry, depth = f"{expires_at:08x}", prefix.count("/") + 1
    return f"{key.id}.{expiry}.{depth}.{who}.{_mac(key, expiry, prefix, who)}"


def refusal(token: str, object_key: str, keys: Mapping[str, SigningKey], *, now: float) -> Refusal | None:
    """Why the token does not open the object; None when it does."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return Refusal.MALFORMED
    key_id, expiry, depth, who, mac = parts.groups()
    names = object_key.split("/")
    if not 0 < int(depth) <= len(names) or any(name in ("", ".", "..") for name in names):
        return Refusal.BAD_SIGNATURE
    key = keys.get(key_id)
    if key is None or key.revoked_at is not None:
        return Refusal.UNKNOWN_KEY
    if not hmac.compare_digest(mac, _mac(key, expiry, "/".join(names[: int(depth)]), who)):
        return Refusal.BAD_SIGNATURE
    return Refusal.EXPIRED if now >= int(expiry, 16) else None


def _mac(key: SigningKey, expiry: str, prefix: str, who: str) -> str:
    text = "\n".join((_DOMAIN, key.id, expiry, who, prefix))
    digest = hmac.new(key.secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
