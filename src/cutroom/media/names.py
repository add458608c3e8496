"""Names of files, for messages and for what grows beside them; cheap to import."""

from __future__ import annotations

import secrets
from pathlib import Path


def shown(path: Path) -> str:
    """`path` for a message: unprintable characters and stray bytes are escaped, so that one name stays one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(path))


def aside_for(output: Path) -> Path:
    """A hidden name of its own beside `output`, for what is written before it is complete."""
    return output.parent / f".cutroom-{secrets.token_hex(6)}.part"
