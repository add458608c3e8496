"""Drawing a damaged moment: the synchronous part, run in a bounded child."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cutroom.media.moment import picture_at


def draw_moment(
    *,
    report: Callable[[dict[str, Any]], None],
    path: str,
    stream: int | None,
    seconds: float,
    output: str,
    path_base64: str | None = None,
) -> bool:
    """Write the picture to `output`; False when there is none. `path_base64` counts instead of `path`, if given."""
    source = Path(os.fsdecode(b64decode(path_base64)) if path_base64 else path)
    return picture_at(source, seconds, stream, Path(output))
