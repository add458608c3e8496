"""From what upper domains say of a video to the columns of its list row."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec

from cutroom.library import store
from cutroom.library.models import Summary


def columns_of(summary: Summary) -> dict[str, Any]:
    """The columns to set; a probe brings duration, frame rate and size with it."""
    values: dict[str, Any] = {}
    for name in ("verdict", "verdict_message", "proxy_state", "poster"):
        said = getattr(summary, name)
        if said is not msgspec.UNSET:
            values[name] = said
    if summary.probe is not msgspec.UNSET:
        values |= _probe_columns(summary.probe)
    return values


def _probe_columns(probe: dict[str, Any] | None) -> dict[str, Any]:
    track = (probe or {}).get("video") or {}
    return {
        "probe": probe,
        **store.fraction_columns("duration", _fraction((probe or {}).get("duration"))),
        **store.fraction_columns("rate", _fraction(track.get("frame_rate"))),
        "width": track.get("width"),
        "height": track.get("height"),
    }


def _fraction(text: str | None) -> Fraction | None:
    if not text:
        return None
    value = Fraction(text)
    # A file may declare anything; what does not fit the columns is not worth showing.
    return value if 0 < value.numerator < 1 << 62 and value.denominator < 1 << 31 else None
