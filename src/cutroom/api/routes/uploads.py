"""Uploads in one request, and files in numbered chunks of a form: everything goes to disk as it arrives."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response

from cutroom.accounts.models import Principal, Visit
from cutroom.api.access import Editor, Services, Visitor
from cutroom.api.forms import Form
from cutroom.api.rows import rows_of
from cutroom.api.schemas.base import Visibility as VisibilityName
from cutroom.api.schemas.videos import ChunkAnswer, FormAnswer, UploadAnswer
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.library.models import Visibility
from cutroom.uploads.models import UploadState

router = APIRouter(tags=["uploads"])

_FORM_BYTES = 64 << 10  # what a form may add to its files


def _form(**fields: str) -> dict[str, Any]:
    binary = {"type": "string", "format": "binary"}
    properties = {name: binary if kind == "file" else {"type": kind} for name, kind in fields.items()}
    schema = {"type": "object", "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/api/uploads", status_code=201, response_model=UploadAnswer, openapi_extra=_BODY)
async def upload(
    request: Request,
    services: Services,
    caller: Editor,
    visitor: Visitor,
    name: Annotated[str, Query(min_length=1, max_length=255, description="The file's name")],
    visibility: VisibilityName = "shared",
) -> Response:
    """Send a file as the request's body; it takes the same path as `cutroom add`."""
    handed = await services.uploads.receive(
        request.stream(),
        name=name,
        owner_id=caller.account_id,
        visibility=Visibility(visibility),
        announced_bytes=_length(request),
    )
    answer = await _answer(services, caller, visitor, handed.video.id, handed.duplicate_of)
    return Response(msgspec.json.encode(answer), status_code=201, media_type="application/json")


@router.post(
    "/api/uploads/form",
    status_code=201,
    response_model=FormAnswer,
    openapi_extra=_form(visibility="string", file="file"),
)
async def upload_form(request: Request, services: Services, caller: Editor, visitor: Visitor) -> Response:
    """Send files as a browser's form does. `visibility` counts for the files after it."""
    form = Form(request.stream(), request.headers.get("content-type", ""))
    await _admit(services, caller, request, "the form")
    items = []
    while (file := await form.next_file()) is not None:
        handed = await services.uploads.receive(
            file.pieces(),
            name=_name(file.name),
            owner_id=caller.account_id,
            visibility=_visibility(form.fields.get("visibility")),
        )
        items.append(await _answer(services, caller, visitor, handed.video.id, handed.duplicate_of))
    if not items:
        raise CutroomError("uploads.no-file", "There is no file in the form.", kind=ErrorKind.UNPROCESSABLE)
    return Response(msgspec.json.encode({"items": items}), status_code=201, media_type="application/json")


@router.post(
    "/api/videos/upload/chunked",
    response_model=ChunkAnswer,
    openapi_extra=_form(
        chunk="file", chunk_index="integer", total_chunks="integer", upload_id="string", filename="string"
    ),
)
async def upload_chunk(request: Request, services: Services, caller: Editor, visitor: Visitor) -> Response:
    """Send one of a file's chunks, in any order; the answer to the last one that was missing names the video.

    `upload_id` is any text that is the same for all chunks of a file.
    """
    form = Form(request.stream(), request.headers.get("content-type", ""))
    await _admit(services, caller, request, "the chunk")
    part = None
    try:
        while (file := await form.next_file()) is not None:
            if part is not None or file.field != "chunk":
                raise CutroomError("uploads.bad-chunk", "The form has one file, in the field chunk.")
            part = await services.chunked.spool(file.pieces(), "the chunk")
        if part is None:
            raise CutroomError("uploads.bad-chunk", "There is no file in the field chunk.")
        index = _number(form.fields, "chunk_index")
        done = await services.chunked.take(
            caller,
            part,
            form_id=form.fields.get("upload_id", ""),
            index=index,
            total=_number(form.fields, "total_chunks"),
            name=_name(form.fields.get("filename", "")),
            visibility=_visibility(form.fields.get("visibility")),
        )
    finally:
        if part is not None:
            await services.chunked.drop(part)
    answer: dict[str, Any] = {"status": "chunk_received", "chunk_index": index}
    if done is not None and done.session.state is UploadState.DONE:
        session = done.session
        video = await _answer(services, caller, visitor, session.video_id, session.duplicate_of)
        answer |= {"status": "complete", "video": video}
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _answer(
    services: Cutroom, caller: Principal, visitor: Visit, video_id: str, duplicate_of: tuple[str, ...]
) -> dict[str, Any]:
    """The video's row with what it is a duplicate of; who did it goes into the audit log."""
    async with services.database.transaction() as tx:
        video = await services.library.get(tx.conn, video_id, viewer=caller)
        await services.accounts.audit.record(tx, caller, "video.upload", video.id, visitor, name=video.name)
        [row] = await rows_of(services, tx.conn, [video])
    built: dict[str, Any] = msgspec.to_builtins(row)
    return {**built, "duplicate_of": list(duplicate_of)}


async def _admit(services: Cutroom, caller: Principal, request: Request, what: str) -> None:
    """Refuse what cannot fit before its first byte is read."""
    length = max(0, (_length(request) or 0) - _FORM_BYTES)
    await services.database.look(lambda conn: services.resumable.quota.admit(conn, caller.account_id, what, length))


def _length(request: Request) -> int | None:
    length = request.headers.get("content-length")
    return int(length) if length and length.isascii() and length.isdigit() else None


def _name(name: str) -> str:
    if not name.strip() or len(name) > 255 or "\0" in name:
        raise CutroomError("uploads.bad-name", "A file's name has 1 to 255 letters.", kind=ErrorKind.UNPROCESSABLE)
    return name.strip()


def _visibility(asked: str | None) -> Visibility:
    if asked not in (None, "", "private", "shared"):
        raise CutroomError("uploads.bad-visibility", "visibility is private or shared.", kind=ErrorKind.UNPROCESSABLE)
    return Visibility(asked or "shared")


def _number(fields: dict[str, str], name: str) -> int:
    value = fields.get(name, "").strip()
    if not (value.isascii() and value.isdigit()) or len(value) > 9:
        raise CutroomError(
            "uploads.bad-chunk", f"The field {name} is missing or no number.", kind=ErrorKind.UNPROCESSABLE
        )
    return int(value)
