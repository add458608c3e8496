"""What a reader of the outbox gets."""

from __future__ import annotations

from typing import Any

import msgspec

EVERYONE = "*"
"""The audience of what every account may see."""

ADMINISTRATORS = "administrators"
"""The audience of what no other account may see; the id of none."""

PROCESSES = "processes"
"""The audience of what processes tell each other and no account sees; the id of none."""


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One change, in commit order."""

    id: int  # ascending; resume after it
    topic: str  # "video.changed", "job.changed", "clip.changed"
    subject: str  # the id of what changed
    audience: str  # "*", "administrators", "processes", or the one account that may see it
    payload: dict[str, Any]
    created_at: int  # µs since the epoch


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One change on its way into the outbox."""

    topic: str
    subject: str
    audience: str = EVERYONE
    payload: dict[str, Any]
