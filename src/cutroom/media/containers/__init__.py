"""Structure checkers: pure Python over bytes, no decoding. `check_structure` is the door."""

from __future__ import annotations

from importlib import import_module

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault, Structure
from cutroom.media.containers.magic import HEAD_BYTES, by_extension, sniff

__all__ = ["ByteFile", "Fault", "Structure", "by_extension", "check_structure", "identify"]

_CHECKERS = {
    "mp4": "isobmff",
    "matroska": "matroska",
    "mpegts": "mpegts",
    "mpegps": "mpegps",
    "avi": "riff",
    "flv": "flv",
    "ogg": "ogg",
    "mxf": "mxf",
    "asf": "asf",
}
"""The module of each container, loaded when the first such file comes: who only reads reports needs none of them."""


def identify(file: ByteFile) -> str | None:
    """The container by its first bytes, or None."""
    return sniff(file.read(0, HEAD_BYTES))


def check_structure(file: ByteFile, format: str | None = None) -> Structure | None:
    """Check the structure of a file as `format` (found from its bytes when None); None where there is no checker."""
    name = _CHECKERS.get(format or identify(file) or "")
    if name is None:
        return None
    structure: Structure = import_module(f"{__name__}.{name}").check(file)
    return structure
