"""Tokens open what they were signed for, for as long as they were, and nothing else."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.delivery.models import Refusal, SigningKey
from cutroom.delivery.signing import refusal, sign

KEY = SigningKey(id="abcd1234", secret=b"s" * 32, created_at=1)
KEYS = {KEY.id: KEY}
PART = st.text(string.ascii_letters + string.digits + "_-. Üü", min_size=1, max_size=12).filter(
    lambda part: part not in (".", "..")
)
NAMES = st.lists(PART, min_size=1, max_size=6)


@given(NAMES, NAMES, st.integers(1_000_000_000, 4_000_000_000))
def test_a_token_opens_everything_below_its_prefix(prefix: list[str], rest: list[str], until: int) -> None:
    token = sign(KEY, "/".join(prefix), expires_at=until, who="abc")
    key = "/".join([*prefix, *rest])
    assert refusal(token, key, KEYS, now=until - 1) is None
    assert refusal(token, "/".join(prefix), KEYS, now=until - 1) is None
    assert refusal(token, key, KEYS, now=until) is Refusal.EXPIRED
    assert refusal(token, key, {}, now=until - 1) is Refusal.UNKNOWN_KEY


@given(NAMES, NAMES)
def test_it_opens_nothing_beside_it(prefix: list[str], other: list[str]) -> None:
    token = sign(KEY, "/".join(prefix), expires_at=2_000_000_000)
    inside = other[: len(prefix)] == prefix
    found = refusal(token, "/".join(other), KEYS, now=1)
    assert (found is None) == inside
    assert refusal(token, "/".join(prefix) + "x", KEYS, now=1) is not None


@given(st.data())
def test_no_changed_token_opens_anything(data: st.DataObject) -> None:
    token = sign(KEY, "proxies/ast_1/r", expires_at=2_000_000_000, who="0f")
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "._-"))
    changed = token[:at] + letter + token[at + 1 :]
    found = refusal(changed, "proxies/ast_1/r/720/00000.m4s", KEYS, now=1)
    assert (found is None) == (changed == token), changed


@pytest.mark.parametrize("key", ["proxies/ast_1/r/../../ast_2/r/x", "proxies/ast_1/r//x", "proxies/ast_1/r/./x", ""])
def test_ways_out_of_the_prefix(key: str) -> None:
    token = sign(KEY, "proxies/ast_1/r", expires_at=2_000_000_000)
    assert refusal(token, key, KEYS, now=1) is Refusal.BAD_SIGNATURE


def test_a_revoked_key_opens_nothing() -> None:
    token = sign(KEY, "a", expires_at=2_000_000_000)
    revoked = SigningKey(id=KEY.id, secret=KEY.secret, created_at=1, revoked_at=2)
    assert refusal(token, "a", {KEY.id: revoked}, now=1) is Refusal.UNKNOWN_KEY
