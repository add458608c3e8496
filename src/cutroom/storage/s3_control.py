"""What is asked of a bucket besides bytes: signed addresses, unfinished uploads, rules. boto3 is loaded when needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.storage.port import UploadForm
from cutroom.storage.s3_errors import answers
from cutroom.storage.s3_place import S3Place

__all__ = ["Control", "S3Place"]

STRAY_DAYS = 2
"""After which parts of an upload that never ended are removed, by the bucket's own rule and by the clean-up."""
RULE = "cutroom-unfinished-uploads"


class Control:
    """One bucket."""

    def __init__(self, place: S3Place) -> None:
        self._place = place

    @cached_property
    def _session(self) -> Any:
        import boto3

        return boto3.Session(region_name=self._place.region)

    @cached_property
    def _client(self) -> Any:
        from botocore.config import Config

        style = "auto" if self._place.endpoint is None else "path"
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 4, "mode": "standard"},
            request_checksum_calculation="when_required",
        )
        region = self._place.region or self._session.region_name or "us-east-1"
        return self._session.client("s3", endpoint_url=self._place.endpoint, region_name=region, config=config)

    @cached_property
    def credentials(self) -> Any:
        """For obstore: the usual environment, files and roles of AWS, as boto3 reads them."""
        from obstore.auth.boto3 import Boto3CredentialProvider

        if self._session.get_credentials() is None:
            raise CutroomError(
                "storage.denied",
                "There are no AWS credentials for the bucket.",
                hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
                kind=ErrorKind.UNAVAILABLE,
            )
        return Boto3CredentialProvider(self._session)

    def download_url(self, key: str, *, seconds: int, media_type: str, name: str | None) -> str:
        """A signed GET."""
        wanted = {"Bucket": self._place.bucket, "Key": self._place.name(key), "ResponseContentType": media_type}
        if name is not None:
            wanted["ResponseContentDisposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        return str(self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds))

    def upload_form(self, key: str, *, seconds: int, max_bytes: int) -> UploadForm:
        """A signed POST of at most that many bytes."""
        conditions = [["content-length-range", 1, max_bytes]]
        form = self._client.generate_presigned_post(
            self._place.bucket, self._place.name(key), Conditions=conditions, ExpiresIn=seconds
        )
        return UploadForm(url=form["url"], fields=form["fields"])

    def strays(self, *, older_than: timedelta) -> Iterator[tuple[str, str]]:
        """Name and id of uploads in parts that began so long ago and never ended."""
        before = datetime.now(UTC) - older_than
        pages = self._client.get_paginator("list_multipart_uploads")
        with answers(self._place):
            for page in pages.paginate(Bucket=self._place.bucket, Prefix=self._place.name("")):
                for one in page.get("Uploads", ()):
                    if one["Initiated"] <= before:
                        yield one["Key"], one["UploadId"]

    def abort(self, name: str, upload_id: str) -> None:
        """Remove the parts of such an upload."""
        with answers(self._place):
            self._client.abort_multipart_upload(Bucket=self._place.bucket, Key=name, UploadId=upload_id)

    def set_rule(self) -> None:
        """Ask the bucket to remove such parts by itself; other rules stay."""
        rules = self._rules()
        rule = {
            "ID": RULE,
            "Filter": {"Prefix": self._place.name("")},
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": STRAY_DAYS},
        }
        rules = [one for one in rules if one.get("ID") != RULE] + [rule]
        with answers(self._place):
            self._client.put_bucket_lifecycle_configuration(
                Bucket=self._place.bucket, LifecycleConfiguration={"Rules": rules}
            )

    def _rules(self) -> list[dict[str, Any]]:
        from botocore.exceptions import ClientError

        with answers(self._place):
            try:
                found = self._client.get_bucket_lifecycle_configuration(Bucket=self._place.bucket)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "NoSuchLifecycleConfiguration":
                    raise  # rules that cannot be read must not be written over
                return []
        return list(found["Rules"])
