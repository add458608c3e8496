"""What goes in and out: uploads, ranges, objects. Each part is a module of its own that adds its claims."""

from __future__ import annotations

from collections.abc import Callable

from bench.harness import Claim
from bench.uploads import upload_claims

PARTS = (upload_claims,)


def claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Every part's claims, one after another."""
    return [claim for part in PARTS for claim in part(rounds=rounds, say=say)]
