"""What bytes cost on their way in and out: uploads, ranges, buckets, the edge."""

from __future__ import annotations

from collections.abc import Callable

from bench.harness import Claim
from bench.ranges import range_claims
from bench.uploads import upload_claims

PARTS = (upload_claims, range_claims)


def claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Every part's claims, one after another."""
    return [claim for part in PARTS for claim in part(rounds=rounds, say=say)]
