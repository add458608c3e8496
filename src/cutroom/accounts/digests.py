"""Secrets of links, sessions and tokens: 256 random bits, kept only as their SHA-256.

A plain hash is enough because nobody can guess 256 bits; passwords, which people choose, go through argon2id.
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "ctr_"  # noqa: S105 - a prefix that secret scanners can look for, not a secret


def new_secret(prefix: str = "") -> str:
    """A new secret of 256 bits, safe in URLs and cookies."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored in place of the secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
