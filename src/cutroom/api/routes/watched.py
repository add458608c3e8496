"""Watched folders: what comes into them is added to the library."""

from __future__ import annotations

from fastapi import APIRouter

from cutroom.api.access import Administrator, Services, Visitor
from cutroom.api.schemas.base import ErrorBody
from cutroom.api.schemas.videos import WatchAsked, WatchedFolderPage, WatchedFolderShape
from cutroom.library.models import Visibility
from cutroom.library.watched import WatchedFolder

router = APIRouter(prefix="/api/watched-folders", tags=["videos"])


@router.get("")
async def list_watched_folders(services: Services, caller: Administrator) -> WatchedFolderPage:
    """Every watched folder, and what keeps it from being watched, if anything does."""
    found = await services.database.look(services.watched.list)
    return WatchedFolderPage(items=[_shape(one) for one in found], next=None)


@router.post("", status_code=201)
async def watch_folder(
    services: Services, caller: Administrator, visitor: Visitor, asked: WatchAsked
) -> WatchedFolderShape:
    """Watch a folder of the server: all that is in it is added, and what comes later once it has come to rest.

    A file that vanishes is marked, never deleted from the library.
    """
    async with services.database.transaction(durable=True) as tx:
        folder = await services.watched.add(
            tx, asked.path, owner_id=caller.account_id, visibility=Visibility(asked.visibility)
        )
        await services.accounts.audit.record(tx, caller, "folder.watch", folder.id, visitor, path=asked.path)
    return _shape(folder)


@router.delete("/{folder_id}", status_code=204)
async def unwatch_folder(folder_id: str, services: Services, caller: Administrator, visitor: Visitor) -> None:
    """Watch a folder no longer; its videos stay in the library."""
    async with services.database.transaction(durable=True) as tx:
        await services.watched.remove(tx, folder_id)
        await services.accounts.audit.record(tx, caller, "folder.unwatch", folder_id, visitor)


def _shape(folder: WatchedFolder) -> WatchedFolderShape:
    error = folder.error
    return WatchedFolderShape.model_validate(
        {
            "id": folder.id,
            "path": folder.path,
            "visibility": folder.visibility.value,
            "created_at": folder.created_at,
            "looked_at": folder.looked_at,
            "method": folder.method,
            "error": None if error is None else ErrorBody(code=error.code, message=error.message, hint=error.hint),
        }
    )
