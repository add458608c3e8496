"""What a payload checker answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that cannot be in a sound packet."""

    code: str  # "payload.broken-lengths"
    message: str  # a clause: "the lengths of its NAL units do not add up"


Check = Callable[[bytes, bool], Problem | None]
"""Takes a packet's bytes and whether it is a keyframe; checkers of one stream are called in decoding order."""

BROKEN_LENGTHS = "payload.broken-lengths"
FORBIDDEN_BYTES = "payload.forbidden-bytes"
BAD_HEADER = "payload.bad-header"
ZERO_RUN = "payload.zero-run"
FRAME_MISSING = "payload.frame-missing"
