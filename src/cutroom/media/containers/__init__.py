"""Structure checkers: pure Python over bytes, no decoding. `check_structure` is the door."""

from __future__ import annotations

from collections.abc import Callable

from cutroom.media.containers import asf, flv, isobmff, matroska, mpegps, mpegts, mxf, ogg, riff
from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault, Structure
from cutroom.media.containers.magic import HEAD_BYTES, by_extension, sniff

__all__ = ["ByteFile", "Fault", "Structure", "by_extension", "check_structure", "identify"]

_CHECKERS: dict[str, Callable[[ByteFile], Structure]] = {
    "mp4": isobmff.check,
    "matroska": matroska.check,
    "mpegts": mpegts.check,
    "mpegps": mpegps.check,
    "avi": riff.check,
    "flv": flv.check,
    "ogg": ogg.check,
    "mxf": mxf.check,
    "asf": asf.check,
}


def identify(file: ByteFile) -> str | None:
    """The container by its first bytes, or None."""
    return sniff(file.read(0, HEAD_BYTES))


def check_structure(file: ByteFile, format: str | None = None) -> Structure | None:
    """Check the structure of a file as `format` (found from its bytes when None); None where there is no checker."""
    checker = _CHECKERS.get(format or identify(file) or "")
    return checker(file) if checker else None
