"""Values on their way to Redis: msgpack through msgspec, with zstd above a threshold. Never pickle.

Layout: one byte of format (1 plain, 2 zstd), then a msgpack array
`[fresh_until, dead_at, {tag: version}]` (Unix seconds), then the value as msgpack.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
import zstandard

COMPRESS_FROM = 1024
_PLAIN, _ZSTD = b"\x01", b"\x02"
_LARGEST = 256 << 20


class Head(msgspec.Struct, array_like=True, frozen=True):
    """What is known of a value without decoding it."""

    fresh_until: float
    dead_at: float
    tags: dict[str, bytes]
    length: int  # of the value as msgpack, before compression


class Undecodable(ValueError):
    """Not ours, or of another version: to be loaded again."""


_encoder = msgspec.msgpack.Encoder()
_heads = msgspec.msgpack.Decoder(Head)


@lru_cache(256)
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


def encode_value(value: Any) -> bytes:
    """The value as msgpack. Raises TypeError for what msgspec does not know."""
    return _encoder.encode(value)


def decode_value(data: bytes | memoryview, kind: Any) -> Any:
    """A value from msgpack. Raises `Undecodable`."""
    try:
        return _decoder(kind).decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error


def pack(value: bytes, *, fresh_until: float, dead_at: float, tags: dict[str, bytes]) -> bytes:
    """What Redis keeps."""
    head = _encoder.encode(Head(fresh_until, dead_at, tags, len(value)))
    form, body = _PLAIN, value
    if len(value) >= COMPRESS_FROM:
        smaller = zstandard.ZstdCompressor(level=1).compress(value)
        if len(smaller) < len(value):
            form, body = _ZSTD, smaller
    return b"".join((form, len(head).to_bytes(4, "little"), head, body))


def unpack(data: bytes) -> tuple[Head, bytes | memoryview]:
    """The head and the value's msgpack. Raises `Undecodable`."""
    view = memoryview(data)
    size = int.from_bytes(view[1:5], "little")
    form = data[:1]
    if len(data) < 5 + size or form not in (_PLAIN, _ZSTD):
        raise Undecodable("not a cached value")
    try:
        head = _heads.decode(view[5 : 5 + size])
        body: bytes | memoryview = view[5 + size :]
        if form == _ZSTD:
            if not 0 <= head.length <= _LARGEST:
                raise Undecodable("an impossible length")
            body = zstandard.ZstdDecompressor().decompress(body, max_output_size=head.length)
    except (msgspec.DecodeError, zstandard.ZstdError) as error:
        raise Undecodable(str(error)) from error
    if len(body) != head.length:
        raise Undecodable("cut short")
    return head, body
