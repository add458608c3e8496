"""What can go wrong with an upload, each as one sentence."""

from __future__ import annotations

from cutroom.core.errors import CutroomError, ErrorKind


def too_large(name: str, max_bytes: int) -> CutroomError:
    """More than one file may have."""
    return CutroomError(
        "uploads.too-large",
        f"{name!r} is larger than the {max_bytes / (1 << 30):g} GiB that this server takes.",
        hint="Raise CUTROOM_UPLOADS_MAX_GIB, or put the file on the server's disk and add it there.",
        kind=ErrorKind.TOO_LARGE,
    )


def over_quota(name: str, quota: int) -> CutroomError:
    """More than the account may have."""
    return CutroomError(
        "uploads.quota",
        f"With {name!r} your uploads would take more than the {quota / (1 << 30):g} GiB that an account may have.",
        hint="Remove what you no longer need, or ask an administrator to raise CUTROOM_UPLOADS_ACCOUNT_GIB.",
        kind=ErrorKind.TOO_LARGE,
    )


def no_room(name: str, free: int) -> CutroomError:
    """More than the disk has left."""
    return CutroomError(
        "storage.full",
        f"{name!r} does not fit: the server's disk has {free / (1 << 30):.1f} GiB left.",
        hint="Free some space in the data directory, then try again.",
        kind=ErrorKind.NO_SPACE,
    )


def too_many_open() -> CutroomError:
    """An account that begins and never ends."""
    return CutroomError(
        "uploads.too-many-open",
        "Too many of your uploads are unfinished.",
        hint="Finish or remove some of them; those that are left alone expire.",
        kind=ErrorKind.TOO_MANY,
    )


def not_video(name: str) -> CutroomError:
    """Refused by its first bytes."""
    return CutroomError(
        "uploads.not-video",
        f"{name!r} does not begin like a video file.",
        hint="Send the media file itself, not a text or an archive.",
        kind=ErrorKind.UNSUPPORTED,
    )


def empty(name: str) -> CutroomError:
    """Nothing in it."""
    return CutroomError("uploads.empty", f"{name!r} is empty (0 bytes).")


def incomplete(name: str, came: int, announced: int) -> CutroomError:
    """Ended early."""
    return CutroomError(
        "uploads.incomplete", f"{name!r} ended after {came} of {announced} bytes.", hint="Send it again."
    )


def bad_header(name: str, reason: str) -> CutroomError:
    """A header of the protocol that cannot be read."""
    return CutroomError(
        "uploads.bad-header", f"The header {name} cannot be read: {reason}.", hint="See https://tus.io, version 1.0.0."
    )


def offset_conflict(offset: int, asked: int) -> CutroomError:
    """The client is somewhere else than the server."""
    return CutroomError(
        "uploads.offset-conflict",
        f"The upload stands at byte {offset}, not at {asked}.",
        hint="Ask where it stands with HEAD, and go on from there.",
        kind=ErrorKind.CONFLICT,
    )


def beyond_end(size: int) -> CutroomError:
    """More bytes than were announced."""
    return CutroomError(
        "uploads.beyond-end",
        f"The upload was announced with {size} bytes, and more came; nothing of this request was kept.",
        hint="Begin a new upload with the file's true length.",
        kind=ErrorKind.TOO_LARGE,
    )


def taken_over() -> CutroomError:
    """Somebody newer goes on with it."""
    return CutroomError(
        "uploads.taken-over",
        "A newer request goes on with this upload.",
        hint="Ask where it stands with HEAD, and go on from there.",
        kind=ErrorKind.CONFLICT,
    )


def locked() -> CutroomError:
    """Whoever works on it does not let go."""
    return CutroomError(
        "uploads.locked", "Another request works on this upload.", hint="Try again.", kind=ErrorKind.CONFLICT
    )


def too_slow(seconds: float) -> CutroomError:
    """Hardly a byte."""
    return CutroomError(
        "uploads.too-slow",
        f"Hardly anything arrived for {seconds:g} seconds; what had come is kept.",
        hint="Go on when the connection is better.",
        kind=ErrorKind.UNAVAILABLE,
    )


def interrupted() -> CutroomError:
    """The connection ended in the middle. Nobody reads this but the log."""
    return CutroomError("uploads.interrupted", "The connection ended early.", kind=ErrorKind.UNAVAILABLE)


def checksum_mismatch(algorithm: str) -> CutroomError:
    """The bytes are not those that were sent."""
    return CutroomError(
        "uploads.checksum-mismatch",
        f"The chunk does not have the {algorithm} checksum that was sent with it; nothing of it was kept.",
        hint="Send the chunk again.",
        kind=ErrorKind.CONFLICT,
    )


def gone(upload_id: str) -> CutroomError:
    """It was there."""
    return CutroomError(
        "uploads.expired",
        f"The upload {upload_id!r} was left alone for too long and has expired.",
        hint="Begin it again.",
        kind=ErrorKind.NOT_FOUND,
    )


def final_is_closed() -> CutroomError:
    """A final upload takes no bytes."""
    return CutroomError(
        "uploads.final", "A final upload is made of partial ones and takes no bytes itself.", kind=ErrorKind.FORBIDDEN
    )


def parts_missing(reason: str) -> CutroomError:
    """What a final upload names cannot be put together."""
    return CutroomError(
        "uploads.parts", f"The final upload cannot be put together: {reason}.", hint="Finish all partial uploads first."
    )
