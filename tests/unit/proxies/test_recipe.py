"""Recipes with equal results have equal names, and only those."""

from __future__ import annotations

from fractions import Fraction

from cutroom.proxies.models import Recipe
from cutroom.proxies.recipe import VERSION, recipe_hash


def recipe(**changes: object) -> Recipe:
    return Recipe(**{"version": VERSION, "ladder": "auto", "segment_seconds": Fraction(4), **changes})  # type: ignore[arg-type]


def test_the_hash_is_of_everything_in_it() -> None:
    names = {
        recipe_hash(recipe()),
        recipe_hash(recipe(version=VERSION + 1)),
        recipe_hash(recipe(ladder="full")),
        recipe_hash(recipe(segment_seconds=Fraction(6))),
        recipe_hash(recipe(quality="fine")),
    }
    assert len(names) == 5
    assert recipe_hash(recipe()) == recipe_hash(recipe())
    assert all(len(name) == 16 and name.isalnum() for name in names)
