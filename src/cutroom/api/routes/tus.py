"""Resumable uploads after tus 1.0.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from cutroom.accounts.models import Principal
from cutroom.api.access import Editor, Services, Visitor, open_to_anybody
from cutroom.api.tus import BODY_TYPE, PREFIX, body_of, progress_headers, standing_headers
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.library.models import Visibility
from cutroom.uploads import headers
from cutroom.uploads.errors import bad_header
from cutroom.uploads.models import Part, Progress, UploadState

router = APIRouter(prefix=PREFIX, tags=["uploads"])

Named = Annotated[str | None, Header()]
_BODY = {
    "requestBody": {"content": {BODY_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
}


@router.options("", dependencies=[open_to_anybody], status_code=204)
async def tus_options(services: Services) -> Response:
    """What this server can do, and the largest file it takes."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": headers.VERSION,
            "Tus-Extension": ",".join(headers.EXTENSIONS),
            "Tus-Max-Size": str(services.resumable.quota.max_bytes),
            "Tus-Checksum-Algorithm": ",".join(headers.ALGORITHMS),
        },
    )


@router.post("", status_code=201, openapi_extra=_BODY)
async def tus_create(
    request: Request,
    services: Services,
    caller: Editor,
    visitor: Visitor,
    upload_length: Named = None,
    upload_metadata: Named = None,
    upload_concat: Named = None,
    upload_defer_length: Named = None,
    upload_checksum: Named = None,
    content_type: Named = None,
) -> Response:
    """Begin an upload, with its first bytes in the body if you like, or put partial uploads together.

    Upload-Metadata may hold `filename` and `visibility` (private or shared).
    """
    if upload_defer_length is not None:
        raise bad_header("Upload-Defer-Length", "an upload has to be announced with its length here")
    found = headers.metadata(upload_metadata or "")
    name, visibility = headers.file_name(found), _visibility(found)
    part, parts = headers.concat(upload_concat, PREFIX)
    if part is Part.FINAL:
        if upload_length is not None:
            raise bad_header("Upload-Length", "a final upload has the length of its parts")
        progress = await services.resumable.concatenate(
            caller, parts, name=name, visibility=visibility, metadata=upload_metadata or ""
        )
        await _note(services, caller, visitor, progress)
        return _created(progress)
    if upload_length is None:
        raise bad_header("Upload-Length", "it is missing")
    size = headers.number("Upload-Length", upload_length)
    with_body = _content_type(content_type) == BODY_TYPE
    if with_body:
        _within(size, 0, _length(request))
    session = await services.resumable.create(
        caller, size_bytes=size, name=name, visibility=visibility, metadata=upload_metadata or "", part=part
    )
    progress = Progress(session=session, offset=0)
    if with_body:
        progress = await _append(request, services, caller, visitor, session.id, 0, upload_checksum)
    return _created(progress)


@router.head("/{upload_id}")
async def tus_look(upload_id: str, services: Services, caller: Editor) -> Response:
    """Where an upload stands."""
    return Response(status_code=200, headers=standing_headers(await services.resumable.look(caller, upload_id)))


@router.patch("/{upload_id}", status_code=204, openapi_extra=_BODY)
async def tus_append(
    upload_id: str,
    request: Request,
    services: Services,
    caller: Editor,
    visitor: Visitor,
    upload_offset: Named = None,
    upload_checksum: Named = None,
    content_type: Named = None,
) -> Response:
    """Go on with an upload. The answer to its last bytes names the video, and videos that hold the same."""
    if _content_type(content_type) != BODY_TYPE:
        raise CutroomError(
            "uploads.content-type",
            "The bytes of an upload are sent as application/offset+octet-stream.",
            kind=ErrorKind.UNSUPPORTED,
        )
    if upload_offset is None:
        raise bad_header("Upload-Offset", "it is missing")
    offset = headers.number("Upload-Offset", upload_offset)
    progress = await _append(request, services, caller, visitor, upload_id, offset, upload_checksum)
    return Response(status_code=204, headers=progress_headers(progress))


@router.delete("/{upload_id}", status_code=204)
async def tus_terminate(upload_id: str, services: Services, caller: Editor) -> Response:
    """Give an upload up and forget its bytes; a video that was made of it stays."""
    await services.resumable.terminate(caller, upload_id)
    return Response(status_code=204)


async def _append(
    request: Request,
    services: Cutroom,
    caller: Principal,
    visitor: Visitor,
    upload_id: str,
    offset: int,
    checksum: str | None,
) -> Progress:
    progress = await services.resumable.append(
        caller,
        upload_id,
        body_of(request),
        offset=offset,
        length=_length(request),
        checksum=None if checksum is None else headers.checksum(checksum),
    )
    await _note(services, caller, visitor, progress)
    return progress


async def _note(services: Cutroom, caller: Principal, visitor: Visitor, progress: Progress) -> None:
    session = progress.session
    if session.state is UploadState.DONE:
        async with services.database.transaction() as tx:
            await services.accounts.audit.record(
                tx, caller, "video.upload", session.video_id, visitor, name=session.name
            )


def _created(progress: Progress) -> Response:
    location = {"Location": f"{PREFIX}/{progress.session.id}"}
    return Response(status_code=201, headers={**location, **progress_headers(progress)})


def _visibility(found: dict[str, str]) -> Visibility:
    asked = found.get("visibility", Visibility.SHARED.value)
    try:
        return Visibility(asked)
    except ValueError:
        raise bad_header("Upload-Metadata", f"visibility is private or shared, not {asked[:40]!r}") from None


def _content_type(value: str | None) -> str:
    return (value or "").partition(";")[0].strip().lower()


def _length(request: Request) -> int | None:
    given = request.headers.get("content-length")
    return None if given is None else headers.number("Content-Length", given)


def _within(size: int, offset: int, length: int | None) -> None:
    if length is not None and offset + length > size:
        raise bad_header("Content-Length", "the body is longer than the upload")
