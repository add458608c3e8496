"""Which container the first bytes claim to be."""

from __future__ import annotations

_EBML = b"\x1a\x45\xdf\xa3"
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_MXF = b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02"
_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"styp", b"sidx", b"pnot", b"uuid"}
_OTHER = {
    b"fLaC": "flac",
    b"ID3": "mp3",
    b"DKIF": "ivf",
    b"FORM": "aiff",
    b".RMF": "rm",
    b"YUV4MPEG2": "yuv4mpeg",
}
HEAD_BYTES = 1024
_EXTENSIONS = {
    "mp4": "mp4", "m4v": "mp4", "m4a": "mp4", "mov": "mp4", "qt": "mp4", "3gp": "mp4", "3g2": "mp4", "mkv": "matroska",
    "mka": "matroska", "webm": "matroska", "ts": "mpegts", "mts": "mpegts", "m2ts": "mpegts", "mpg": "mpegps",
    "mpeg": "mpegps", "vob": "mpegps", "avi": "avi", "flv": "flv", "ogg": "ogg", "ogv": "ogg", "oga": "ogg",
    "mxf": "mxf", "wmv": "asf", "asf": "asf", "wma": "asf",
}  # fmt: skip


def sniff(head: bytes) -> str | None:
    """The container's name by its first bytes (give at least a kibibyte), or None."""
    if head[4:8] in _BOXES:
        return "mp4"
    if head[:4] == _EBML:
        return "matroska"
    if head[:4] in (b"RIFF", b"RIFX") and head[8:12] in (b"AVI ", b"AVIX"):
        return "avi"
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:3] == b"FLV" and head[3:4] in (b"\x01", b"\x05"):
        return "flv"
    if head[:4] == b"OggS":
        return "ogg"
    if head[:16] == _ASF:
        return "asf"
    if head[:4] == b"\x00\x00\x01\xba":
        return "mpegps"
    if _MXF in head:
        return "mxf"
    if packet_length(head):
        return "mpegts"
    return next((name for mark, name in _OTHER.items() if head.startswith(mark)), None)


def packet_length(head: bytes) -> int | None:
    """188, 192 or 204 when transport-stream sync bytes stand at that distance, else None."""
    for length, first in ((188, 0), (192, 4), (204, 0)):
        marks = head[first : first + 5 * length : length]
        if len(marks) >= 2 and marks.count(0x47) >= max(2, len(marks) - 1) and marks[0] == 0x47:
            return length
    return None


def by_extension(extension: str) -> str | None:
    """The container a file's name promises ("mp4" for "mov"), or None when the name promises nothing."""
    return _EXTENSIONS.get(extension.lower().lstrip("."))
