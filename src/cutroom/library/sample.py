"""The minute of sample footage that an empty library begins with, so that there is something to play."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

NAME = "Sample footage.mp4"
SECONDS = 60


def make_sample(*, report: Callable[[dict[str, Any]], None], path: str, seconds: int = SECONDS) -> dict[str, Any]:
    """Write the footage to `path`; runs in a child."""
    from cutroom.media.sample.footage import make_footage

    made = make_footage(
        Path(path),
        seconds=seconds,
        rate=Fraction(25),
        width=1280,
        height=720,
        report=lambda fraction: report({"fraction": fraction, "stage": "drawing"}),
    )
    return {"frames": len(made.pts)}
