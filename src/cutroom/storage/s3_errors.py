"""What a bucket answers, as the errors of the store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore import exceptions

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.storage.local import disk_error
from cutroom.storage.port import missing
from cutroom.storage.s3_place import S3Place

_CODE = re.compile("<Code>([A-Za-z]+)</Code>")
_DENIED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "403"}
_FULL = {"QuotaExceeded", "EntityTooLarge", "InsufficientStorage"}


@contextmanager
def said(key: str, place: S3Place) -> Iterator[None]:
    """What obstore raises inside the block becomes one sentence about the object `key`."""
    try:
        yield
    except FileNotFoundError as error:
        if "<Code>NoSuchBucket</Code>" in str(error):
            raise _no_bucket(place) from None
        raise missing(key) from None
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise _denied(place, error) from None
    except exceptions.BaseError as error:
        raise _failed(place, error) from None
    except OSError as error:
        raise disk_error(error) from error


@contextmanager
def answers(place: S3Place) -> Iterator[None]:
    """The same for what boto3 raises."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _DENIED:
            raise _denied(place, error) from None
        raise (_no_bucket(place) if code == "NoSuchBucket" else _failed(place, error)) from None
    except BotoCoreError as error:
        raise _failed(place, error) from None


def _denied(place: S3Place, error: Exception) -> CutroomError:
    return CutroomError(
        "storage.denied",
        f"The bucket {place.bucket!r} refused the request ({_reason(error)}).",
        hint="Check the AWS credentials of this server, and what they may do in that bucket.",
        kind=ErrorKind.UNAVAILABLE,
    )


def _no_bucket(place: S3Place) -> CutroomError:
    return CutroomError(
        "storage.no-bucket",
        f"There is no bucket {place.bucket!r}.",
        hint="Make it, or correct CUTROOM_STORAGE_URL, CUTROOM_STORAGE_ENDPOINT and CUTROOM_STORAGE_REGION.",
        kind=ErrorKind.UNAVAILABLE,
    )


def _failed(place: S3Place, error: Exception) -> CutroomError:
    code = _CODE.search(str(error))
    if code and code[1] == "NoSuchBucket":
        return _no_bucket(place)
    if code and code[1] in _FULL:
        message = f"The bucket {place.bucket!r} is full ({code[1]}); nothing was kept."
        return CutroomError("storage.full", message, hint="Raise its quota or make room.", kind=ErrorKind.NO_SPACE)
    return CutroomError(
        "storage.unreachable",
        f"The bucket {place.bucket!r} cannot be used at the moment ({_reason(error)}).",
        hint="It is tried again. Look at CUTROOM_STORAGE_ENDPOINT and at the service itself when this lasts.",
        kind=ErrorKind.UNAVAILABLE,
    )


def _reason(error: Exception) -> str:
    """The service's own code, else the first line, without the address that it was asked at."""
    code = _CODE.search(str(error))
    if code:
        return code[1]
    first = str(error).split("\n", 1)[0]
    return re.sub(r"Error performing ([A-Z]+) \S+ in .*? - +", r"\1: ", first).removeprefix("Generic S3 error: ")[:200]
