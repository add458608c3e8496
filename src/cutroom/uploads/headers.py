"""The headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload), from text to values.

Every function raises `uploads.bad-header` for what the protocol does not allow.
"""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import urlsplit

from cutroom.core.errors import CutroomError
from cutroom.core.ids import is_id
from cutroom.uploads.errors import bad_header
from cutroom.uploads.models import Checksum, Part

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "checksum", "expiration", "concatenation", "termination")
ALGORITHMS = ("sha1", "sha256", "md5")
MAX_PARTS = 10_000
_MAX_NUMBER = (1 << 63) - 1
_MAX_METADATA = 8192
_KEY = re.compile(r"^[\x21-\x2b\x2d-\x7e]+$")  # printable ASCII without blank and comma


def number(name: str, value: str) -> int:
    """A non-negative integer in plain digits."""
    if not (value.isascii() and value.isdigit()) or len(value) > 19 or int(value) > _MAX_NUMBER:
        raise bad_header(name, f"{value[:40]!r} is no number of bytes")
    return int(value)


def metadata(value: str) -> dict[str, str]:
    """Upload-Metadata: pairs of a key and a base64 value, with commas between; the values are UTF-8."""
    if len(value) > _MAX_METADATA:
        raise bad_header("Upload-Metadata", f"it is longer than {_MAX_METADATA} characters")
    found: dict[str, str] = {}
    for pair in value.split(",") if value.strip() else ():
        key, _, coded = pair.strip().partition(" ")
        if not _KEY.match(key) or key in found:
            raise bad_header("Upload-Metadata", f"{key[:40]!r} is no key, or there twice")
        try:
            found[key] = base64.b64decode(coded.strip(), validate=True).decode()
        except ValueError:
            raise bad_header("Upload-Metadata", f"the value of {key[:40]!r} is not base64 of UTF-8") from None
    return found


def checksum(value: str) -> Checksum:
    """Upload-Checksum: an algorithm and the base64 of a digest."""
    algorithm, _, coded = value.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise bad_header("Upload-Checksum", f"{algorithm[:40]!r} is none of {', '.join(ALGORITHMS)}")
    try:
        digest = base64.b64decode(coded.strip(), validate=True)
    except ValueError:
        raise bad_header("Upload-Checksum", "the digest is not base64") from None
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise bad_header("Upload-Checksum", f"the digest does not have the length of {algorithm}")
    return Checksum(algorithm=algorithm, digest=digest)


def concat(value: str | None, base: str) -> tuple[Part, tuple[str, ...]]:
    """Upload-Concat: `partial`, or `final;` and addresses of uploads below the path `base`, absolute or relative."""
    if value is None:
        return Part.WHOLE, ()
    kind, _, rest = value.strip().partition(";")
    if kind == "partial" and not rest:
        return Part.PARTIAL, ()
    if kind != "final":
        raise bad_header("Upload-Concat", "it is neither partial nor final")
    parts = tuple(_id_of(address, base) for address in rest.split())
    if not parts or len(parts) > MAX_PARTS:
        raise bad_header("Upload-Concat", f"a final upload has 1 to {MAX_PARTS} parts")
    if len(set(parts)) != len(parts):
        raise bad_header("Upload-Concat", "a part is named twice")
    return Part.FINAL, parts


def _id_of(address: str, base: str) -> str:
    try:
        path = urlsplit(address).path
    except ValueError:
        path = ""
    folder, _, upload_id = path.rpartition("/")
    if folder != base.rstrip("/") or not is_id(upload_id, "upl"):
        raise bad_header("Upload-Concat", f"{address[:80]!r} is no upload of this server")
    return upload_id


def file_name(found: dict[str, str]) -> str:
    """The name that clients of the protocol put into the metadata; raises `uploads.bad-header` for none a file has."""
    name = (found.get("filename") or found.get("name") or "upload").strip()
    if not name or len(name) > 255 or "\0" in name:
        raise CutroomError("uploads.bad-name", "A file's name has 1 to 255 letters.")
    return name
