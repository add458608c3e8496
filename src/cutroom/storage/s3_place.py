"""Where a bucket is."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from cutroom.core.errors import CutroomError


class S3Place(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket, and the prefix below which all keys are."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None  # None: AWS itself
    region: str | None = None

    @classmethod
    def parse(cls, url: str, *, endpoint: str = "", region: str = "") -> S3Place:
        """`s3://bucket/prefix`; raises `storage.bad-url`."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise CutroomError(
                "storage.bad-url",
                f"{url!r} is no address of a bucket.",
                hint="Write CUTROOM_STORAGE_URL as s3://BUCKET or s3://BUCKET/PREFIX.",
            )
        return cls(
            bucket=parts.netloc,
            prefix=parts.path.strip("/"),
            endpoint=endpoint.rstrip("/") or None,
            region=region or None,
        )

    def name(self, key: str) -> str:
        """The object's name in the bucket."""
        return f"{self.prefix}/{key}" if self.prefix else key
