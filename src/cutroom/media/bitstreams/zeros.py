"""Runs of zero bytes where an arithmetic coder would not write them: what lost blocks leave behind."""

from __future__ import annotations

import re

from cutroom.media.bitstreams.problem import BAD_HEADER, ZERO_RUN, Problem

_RUN = re.compile(rb"\x00{40}")
_INNER = re.compile(rb"\x00{64,}(?=[^\x00])")
_EMPTY = Problem(BAD_HEADER, "it holds nothing but zeros")


def zero_run(data: bytes, key: bool) -> Problem | None:
    """A run of 40 zero bytes anywhere."""
    found = _RUN.search(data)
    if not found:
        return None
    return Problem(ZERO_RUN, "it holds a long run of zero bytes") if any(data) else _EMPTY


def inner_zero_run(data: bytes, key: bool) -> Problem | None:
    """A run of 64 zero bytes with coded data behind it; zeros up to the end are padding."""
    found = _INNER.search(data)
    if found and len(data) - found.end() > 16 and data.count(0, found.end()) * 4 < len(data) - found.end():
        return Problem(ZERO_RUN, "it holds a long run of zero bytes")
    return _EMPTY if len(data) > 16 and not any(data) else None
