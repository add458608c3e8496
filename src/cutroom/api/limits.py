"""How often one address and one account may ask; `/health` always may."""

from __future__ import annotations

import ipaddress
import math
from functools import lru_cache

from starlette.types import Scope

from cutroom.cache.limits import RateLimiter
from cutroom.core.errors import TooMany


class Limits:
    """The two limiters of a server; None where there is no limit."""

    def __init__(self, by_address: RateLimiter | None = None, by_account: RateLimiter | None = None) -> None:
        self.by_address = by_address
        self.by_account = by_account

    def of_address(self, scope: Scope) -> float:
        """Count a request against where it came from; the seconds to wait, 0 for none."""
        if self.by_address is None or scope["path"].startswith("/health"):
            return 0.0
        client = scope.get("client")
        return self.by_address.take(_network(client[0] if client else ""))

    def of_account(self, account_id: str) -> float:
        """Count a request against who asks; the seconds to wait, 0 for none."""
        return 0.0 if self.by_account is None else self.by_account.take(account_id)

    def refusal(self, wait: float) -> TooMany:
        """What is answered instead."""
        return TooMany(
            "http.too-many-requests",
            "There were more requests than one account or address may send at a time.",
            retry_after=math.ceil(wait),
            hint="Slow down; an administrator can change CUTROOM_LIMITS_ACCOUNT and CUTROOM_LIMITS_ADDRESS.",
        )


@lru_cache(4096)
def _network(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one: whoever has one of those has them all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
