"""Whether the first bytes are those of a media container: enough to refuse a text file before it fills the disk."""

from __future__ import annotations

HEAD_BYTES = 4096

_MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"moof", b"uuid"}
_BEGINNINGS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"RIFF",  # AVI, WAVE
    b"RF64",
    b"FLV\x01",
    b"OggS",
    b"fLaC",
    b"ID3",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01",  # MXF
    b".RMF",
    b"\x1f\x07\x00",  # DV
    b"nut/multimedia container",
    b"\x00\x00\x00\x01",  # H.264 and HEVC without a container
    b"FORM",
    b"GXF",
    b"\x00\x00\x00\x00\x01\xbc",  # GXF
    b"\xb7\xd8\x00\x20\x37\x49\xda\x11",  # WTV
)
_TS_SYNC = 0x47
_TS_LAYOUTS = ((188, 0), (192, 4), (204, 0))  # packet length and where the sync byte stands in it


def looks_like_media(head: bytes) -> bool:
    """Whether a file that begins like this may be footage; `head` is its first 4096 bytes, or all of it."""
    if head.startswith(_BEGINNINGS) or head[4:8] in _MP4_BOXES:
        return True
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        return True  # MPEG audio and AAC
    return any(_is_transport_stream(head, length, sync) for length, sync in _TS_LAYOUTS)


def _is_transport_stream(head: bytes, length: int, sync: int) -> bool:
    packets = range(sync, len(head) - 1, length)
    return len(packets) >= 2 and all(head[at] == _TS_SYNC for at in packets)
