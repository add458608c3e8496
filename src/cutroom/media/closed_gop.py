"""Whether a keyframe closes what was before it: no frame behind it needs anything older."""

from __future__ import annotations

from av.packet import Packet
from av.video.stream import VideoStream

from cutroom.media.access_unit import Framing

_H264_IDR = 5
_HEVC_BLA_OR_IDR = range(16, 21)  # CRA (21) may be followed by frames that reach back over it
_MPEG2_GROUP = b"\0\0\1\xb8"


class ClosedGop:
    """Judges the keyframes of one stream by their first bytes; codecs without such a difference are always closed."""

    def __init__(self, stream: VideoStream) -> None:
        self._framing = Framing.of(stream)
        self._mpeg2 = stream.codec_context.codec.canonical_name in ("mpeg1video", "mpeg2video")

    def __call__(self, packet: Packet[VideoStream]) -> bool:
        """`packet` is one that is marked as a keyframe."""
        if self._framing is None:
            return not self._mpeg2 or _closed_group(bytes(packet))
        framing = self._framing
        last = None
        for unit in framing.head(bytes(packet)):
            last = unit
        if last is None:
            return False
        kind = framing.kind(last)
        return kind in _HEVC_BLA_OR_IDR if framing.hevc else kind == _H264_IDR


def _closed_group(data: bytes) -> bool:
    """The flag behind 25 bits of time code in a group's header (ISO/IEC 13818-2, 6.2.2.6)."""
    at = data.find(_MPEG2_GROUP, 0, 1024)
    return at < 0 or (at + 7 < len(data) and bool(data[at + 7] & 0x40))
