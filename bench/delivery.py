"""What bytes cost on their way in and out: uploads, ranges, buckets, the edge."""

from __future__ import annotations

from collections.abc import Callable

from bench.harness import Claim
from bench.ranges import range_claims


def claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Every claim about delivery."""
    return range_claims(rounds=rounds, say=say)
