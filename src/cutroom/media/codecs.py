"""Which decoders, encoders and library versions the bundled FFmpeg has, for `cutroom doctor`."""

from __future__ import annotations

from typing import Literal

import av
import msgspec
from av.codec import Codec
from av.codec.codec import UnknownCodecError

ENCODERS = {
    "libx264": "H.264 proxies and cuts",
    "libx265": "HEVC cuts",
    "aac": "AAC sound",
    "libsvtav1": "AV1 renditions",
    "libopus": "Opus sound",
}
"""Encoders Cutroom uses, and what for."""

DECODERS = ("h264", "hevc", "av1", "vp9", "mpeg2video", "mpeg4", "prores", "mjpeg", "dnxhd", "aac", "opus", "pcm_s16le")
"""Decoders most footage needs."""


class Toolchain(msgspec.Struct, frozen=True, kw_only=True):
    """The bundled libraries: PyAV's version, each libav library's, and which codecs are missing."""

    pyav: str
    libraries: dict[str, str]
    missing_encoders: list[str]
    missing_decoders: list[str]


def toolchain() -> Toolchain:
    """Look at what the PyAV wheel carries."""
    return Toolchain(
        pyav=av.__version__,
        libraries={name: ".".join(str(part) for part in version) for name, version in av.library_versions.items()},
        missing_encoders=[name for name in ENCODERS if not _has(name, "w")],
        missing_decoders=[name for name in DECODERS if not _has(name, "r")],
    )


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        Codec(name, mode)
    except UnknownCodecError:
        return False
    return True
