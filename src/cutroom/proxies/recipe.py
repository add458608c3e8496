"""The recipe of a ladder: everything that decides its bits, hashed, so that equal work has equal names."""

from __future__ import annotations

import msgspec
import xxhash

from cutroom.proxies.models import Recipe

VERSION = 3
"""Grows whenever the encoder, the boxes or the grid change what comes out."""


def recipe_hash(recipe: Recipe) -> str:
    """Sixteen hexadecimal digits that stand for a recipe in object keys."""
    text = {
        "version": recipe.version,
        "ladder": recipe.ladder,
        "segment_seconds": str(recipe.segment_seconds),
        "quality": recipe.quality,
    }
    return xxhash.xxh3_64_hexdigest(msgspec.json.encode(text, order="sorted"))
