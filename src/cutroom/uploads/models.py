"""Values of resumable uploads."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cutroom.library.models import Video, Visibility


class Part(StrEnum):
    """What an upload is in a concatenation (tus 1.0.0, "Concatenation")."""

    WHOLE = "whole"  # none: a file of its own
    PARTIAL = "partial"  # a piece that waits for the final upload
    FINAL = "final"  # put together from partial uploads, never written to


class UploadState(StrEnum):
    """open → done, when the library has it. What is refused or given up is deleted."""

    OPEN = "open"
    DONE = "done"


class UploadSession(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the session table. Its bytes lie in the spool; their number is the offset. Instants in µs."""

    id: str
    owner_id: str
    name: str
    visibility: Visibility
    metadata: str  # the Upload-Metadata header as it came
    size_bytes: int
    part: Part
    parts: tuple[str, ...]  # of a final upload: its partial ones, in order
    state: UploadState
    video_id: str  # the id that the video gets; chosen at the start, so that handing over twice is impossible
    duplicate_of: tuple[str, ...]  # videos with the same bytes, once it is done
    boot_id: str  # of the machine's run in which bytes last came
    checkpoint_bytes: int  # what is certainly on the disk
    verifying_from: int | None  # where a chunk began whose checksum is not known to hold yet
    patches: int  # 0 until the first PATCH arrives; not counted further
    empty_resumes: int  # times a client asked where to go on though no PATCH had ever arrived
    group_key: str | None  # of chunked forms: whose chunk it is
    group_index: int | None
    created_at: int
    expires_at: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where an upload stands."""

    session: UploadSession
    offset: int  # bytes

    @property
    def is_complete(self) -> bool:
        """Whether no byte is missing."""
        return self.offset == self.session.size_bytes


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """What the library made of a finished upload."""

    video: Video
    duplicate_of: tuple[str, ...]  # ids of videos that show the same bytes, oldest first


class Checksum(msgspec.Struct, frozen=True, kw_only=True):
    """What a chunk's digest has to be."""

    algorithm: str  # sha1, sha256, md5
    digest: bytes
