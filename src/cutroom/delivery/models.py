"""Values of delivery."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that signs addresses; instants in microseconds."""

    id: str  # as it is in tokens
    secret: bytes
    created_at: int
    revoked_at: int | None = None


class Refusal(StrEnum):
    """Why a signed address is not good."""

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"  # never there, or revoked
    EXPIRED = "expired"
    BAD_SIGNATURE = "bad-signature"  # tampered with, or of another path


class CdnStats(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since the first day, of every process together.

    The edge is known only by what it asks this server: one question for every read, and one read for every miss.
    """

    signed: int  # addresses and cookies signed
    verified: int  # reads at the edge whose signature was good
    refused: int  # and whose was not
    origin_reads: int  # objects that the edge, or somebody without one, read here
    hits: int | None  # None: the edge does not ask
    misses: int
    hit_ratio: float | None
    invalidations: int
    paths_invalidated: int
