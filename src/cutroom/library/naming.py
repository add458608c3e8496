"""Names that are safe as the last part of an object key and as a download's file name, on every system."""

from __future__ import annotations

import re
import unicodedata

# Control characters, what Windows forbids, and what a shell or a header would trip over.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*`$]+')
_MAX_BYTES = 200


def object_name(name: str, *, otherwise: str = "video") -> str:
    """`name` with what is not safe replaced by `_`, at most 200 bytes long, its extension kept."""
    clean = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    clean = clean.encode("utf-8", "replace").decode("utf-8")
    stem, dot, extension = clean.rpartition(".")
    if not dot or len(extension) > 16:
        stem, extension = clean, ""
    tail = f".{extension}" if extension else ""
    room = _MAX_BYTES - len(tail.encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore").strip(" .") or otherwise
    return stem + tail
