"""Keys as Redis and the memory layer hold them: printable, bounded, and of one namespace."""

from __future__ import annotations

import re

from xxhash import xxh3_128_hexdigest

from cutroom.cache.errors import bad_key

LONGEST = 200
_PLAIN = re.compile(f"[!-~]{{1,{LONGEST}}}")


def cleaned(key: str) -> str:
    """The key itself when it is short printable ASCII; else its beginning and a hash. Raises `cache.bad-key`."""
    if _PLAIN.fullmatch(key):
        return key
    if not isinstance(key, str) or not 0 < len(key) <= 4000:
        raise bad_key(key)
    begin = re.sub(r"[^!-~]", "_", key[: LONGEST - 40])
    return f"{begin}~{xxh3_128_hexdigest(key.encode('utf-8', 'surrogatepass'))}"


def group_of(key: str) -> str:
    """What statistics count it under: the part before the first colon."""
    return key.partition(":")[0] if ":" in key else ""
