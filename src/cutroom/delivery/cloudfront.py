"""CloudFront: one signed policy a session, as cookies or in an address, and invalidations."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind

MOST_PATHS = 15
"""Of one invalidation: CloudFront takes fifteen with wildcards at a time."""


class CloudFrontSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What AWS calls things by."""

    url: str  # https://d111111abcdef8.cloudfront.net, without a slash at the end
    key_pair_id: str
    key_file: Path  # the private key, PEM
    distribution_id: str


class CloudFront:
    """Signs with the private key of a key group; 0.3 ms each, so one for a session and not one for a segment."""

    def __init__(self, settings: CloudFrontSettings) -> None:
        self._settings = settings

    def cookies(self, *, expires_at: int) -> dict[str, str]:
        """The cookies that open everything below the distribution until then (seconds since the epoch)."""
        policy = self._policy(f"{self._settings.url}/*", expires_at)
        query = self._signer.generate_presigned_url("", policy=policy).lstrip("?")
        named = dict(part.split("=", 1) for part in query.split("&"))
        return {f"CloudFront-{name}": value for name, value in named.items()}

    def signed_url(self, key: str, *, expires_at: int) -> str:
        """One address with the policy of a whole folder in it, for what is read by itself: a picture, a download."""
        url = f"{self._settings.url}/{key}"
        policy = self._policy(f"{url.rpartition('/')[0]}/*", expires_at)
        return str(self._signer.generate_presigned_url(url, policy=policy))

    def invalidate(self, paths: Sequence[str]) -> list[str]:
        """Forget these paths at the edge, fifteen at a time; the ids of the invalidations. Blocks."""
        found = []
        for at in range(0, len(paths), MOST_PATHS):
            batch = list(paths[at : at + MOST_PATHS])
            asked = {"Paths": {"Quantity": len(batch), "Items": batch}, "CallerReference": secrets.token_hex(16)}
            try:
                answer = self._client.create_invalidation(
                    DistributionId=self._settings.distribution_id, InvalidationBatch=asked
                )
            except Exception as error:  # boto's own tree of errors, made at run time
                raise CutroomError(
                    "delivery.cdn-refused",
                    f"CloudFront did not take the invalidation: {error}.",
                    hint="Check CUTROOM_CDN_DISTRIBUTION and the AWS credentials of this server.",
                    kind=ErrorKind.UNAVAILABLE,
                ) from error
            found.append(str(answer["Invalidation"]["Id"]))
        return found

    def _policy(self, resource: str, expires_at: int) -> str:
        policy: str = self._signer.build_policy(resource, datetime.fromtimestamp(expires_at, UTC))
        return policy

    @cached_property
    def _client(self) -> Any:
        import boto3

        return boto3.client("cloudfront")

    @cached_property
    def _signer(self) -> Any:
        from botocore.signers import CloudFrontSigner
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, rsa

        try:
            key = serialization.load_pem_private_key(self._settings.key_file.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise CutroomError(
                "delivery.bad-key",
                f"The private key of CloudFront cannot be read from {str(self._settings.key_file)!r}: {error}.",
                hint="CUTROOM_CDN_KEY_FILE names a PEM file with the RSA key of the key group.",
            ) from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise CutroomError("delivery.bad-key", "CloudFront signs cookies with RSA keys only.")

        def sign(message: bytes) -> bytes:
            return key.sign(message, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 (what CloudFront demands)

        return CloudFrontSigner(self._settings.key_pair_id, sign)
