"""MPEG audio, AC-3, E-AC-3, ADTS and raw AAC, FLAC and Opus: sync words, lengths, and constant parameters."""

from __future__ import annotations

from cutroom.media.bitstreams.problem import BAD_HEADER, BROKEN_LENGTHS, Problem
from cutroom.media.bitstreams.zeros import inner_zero_run

_SYNC = Problem(BAD_HEADER, "it has no valid frame header")
_LENGTH = Problem(BROKEN_LENGTHS, "its length differs from what its header says")
_CHANGED = Problem(BAD_HEADER, "its header does not fit the stream")
_AC3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_MPEG_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


class MpegAudioCheck:
    """MPEG-1 and MPEG-2 audio, layers 1 to 3: whole frames, one sample rate."""

    def __init__(self) -> None:
        self._fixed: int | None = None  # version, layer and sample rate

    def __call__(self, data: bytes, key: bool) -> Problem | None:
        position = 0
        while position + 4 <= len(data):
            head = int.from_bytes(data[position : position + 4], "big")
            length = _mpeg_length(head)
            if length is None:
                return _SYNC if data[position:].strip(b"\0") else None
            fixed = head >> 16 & 0x1E | (head >> 10 & 3) << 8
            if self._fixed is not None and fixed != self._fixed:
                return _CHANGED
            self._fixed = fixed
            if length and position + length > len(data):
                return _LENGTH
            if not length:
                return None
            position += length
        return None


def _mpeg_length(head: int) -> int | None:
    """Bytes of the frame, 0 for free format, None without a header."""
    version_bits, layer_bits = head >> 19 & 3, head >> 17 & 3
    rate_index, sample_index = head >> 12 & 15, head >> 10 & 3
    if head >> 21 != 0x7FF or version_bits == 1 or not layer_bits or rate_index == 15 or sample_index == 3:
        return None
    if not rate_index:
        return 0
    layer, version = 4 - layer_bits, 1 if version_bits == 3 else 2
    sample_rate = (44100, 48000, 32000)[sample_index] >> {3: 0, 2: 1, 0: 2}[version_bits]
    bits = _MPEG_KBITS[version, layer][rate_index - 1] * 1000
    padding = head >> 9 & 1
    if layer == 1:
        return (12 * bits // sample_rate + padding) * 4
    return (72 if layer == 3 and version == 2 else 144) * bits // sample_rate + padding


def check_ac3(data: bytes, key: bool) -> Problem | None:
    """AC-3 and E-AC-3: each frame begins with the sync word and is as long as it says."""
    position = 0
    while position + 6 <= len(data):
        if data[position : position + 2] != b"\x0b\x77":
            return _SYNC
        if data[position + 5] >> 3 > 10:  # E-AC-3
            length = ((data[position + 2] & 7) << 8 | data[position + 3]) * 2 + 2
        else:
            rate, code = data[position + 4] >> 6, data[position + 4] & 63
            if rate == 3 or code > 37:
                return _SYNC
            kbits = _AC3_KBITS[code >> 1]
            length = (kbits * 4, kbits * 320 // 147 * 2 + (code & 1) * 2, kbits * 6)[rate]
            length = 2 * (kbits * 320 // 147 + (code & 1)) if rate == 1 else length
        if position + length > len(data):
            return _LENGTH
        position += length
    return None


class AacCheck:
    """AAC: the ADTS header where there is one, else what a raw frame can begin with."""

    def __init__(self, adts: bool) -> None:
        self._adts = adts
        self._fixed: int | None = None

    def __call__(self, data: bytes, key: bool) -> Problem | None:
        if self._adts or data[:1] == b"\xff":
            return self._header(data)
        return inner_zero_run(data)

    def _header(self, data: bytes) -> Problem | None:
        if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
            return _SYNC if self._adts else None
        fixed = int.from_bytes(data[:3], "big") & 0x0FFFFC
        if self._fixed is not None and fixed != self._fixed:
            return _CHANGED
        self._fixed = fixed
        length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
        return _LENGTH if length != len(data) else None


def check_flac(data: bytes, key: bool) -> Problem | None:
    """The sync code of a FLAC frame."""
    return _SYNC if len(data) < 6 or data[0] != 0xFF or data[1] & 0xFE != 0xF8 else None


def check_opus(data: bytes, key: bool) -> Problem | None:
    """The packet's table of contents agrees with its length (RFC 6716, section 3)."""
    if not data:
        return None
    code, rest = data[0] & 3, len(data) - 1
    if code == 1 and rest % 2:
        return _LENGTH
    if code == 3:
        count = data[1] & 63 if rest else 0
        milliseconds = (10, 20, 40, 60)[data[0] >> 3 & 3] if data[0] >> 3 < 12 else 2.5
        if not count or count * milliseconds > 120:
            return _SYNC
    return None  # silence at a constant rate is zeros between bits at both ends, so runs say nothing
