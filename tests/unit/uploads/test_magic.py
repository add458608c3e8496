import pytest

from cutroom.uploads.magic import looks_like_media


@pytest.mark.parametrize(
    "head",
    [
        b"\x00\x00\x00\x20ftypisom" + bytes(100),
        b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat",
        b"\x1aE\xdf\xa3\x93B\x82\x88matroska",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        (b"G" + bytes(187)) * 5,
        (bytes(4) + b"G" + bytes(187)) * 5,
        b"\x00\x00\x01\xba\x44",
        b"OggS\x00",
    ],
)
def test_containers(head: bytes) -> None:
    assert looks_like_media(head)


@pytest.mark.parametrize(
    "head",
    [b"", b"G", b"hello, this is a text file\n" * 100, b"PK\x03\x04zip", b"%PDF-1.7", b"\x89PNG\r\n", b"#EXTM3U\n"],
)
def test_what_is_none(head: bytes) -> None:
    assert not looks_like_media(head)
