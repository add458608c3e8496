"""Runs of zero bytes where an arithmetic coder would not write them: what lost blocks leave behind."""

from __future__ import annotations

import re

from cutroom.media.bitstreams.problem import BAD_HEADER, ZERO_RUN, Problem

_INNER = re.compile(rb"\x00{64,}(?=[^\x00])")
_RUN = Problem(ZERO_RUN, "it holds a long run of zero bytes")
_EMPTY = Problem(BAD_HEADER, "it holds nothing but zeros")


def zero_run(data: bytes, length: int = 40) -> Problem | None:
    """A run of `length` zero bytes anywhere."""
    if data.find(bytes(length)) < 0:
        return None
    return _RUN if any(data) else _EMPTY


def inner_zero_run(data: bytes) -> Problem | None:
    """A run of 64 zero bytes with coded data behind it; zeros up to the end are padding."""
    found = _INNER.search(data)
    if found and len(data) - found.end() > 16 and data.count(0, found.end()) * 4 < len(data) - found.end():
        return _RUN
    return _EMPTY if len(data) > 16 and not any(data) else None
