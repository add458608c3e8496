"""Objects by their own names, for who holds a signed address, and for a content delivery network."""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from cutroom.api.stored import stored_answer
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.proxies.models import MediaObject
from cutroom.proxies.service import MEDIA_TYPES
from cutroom.storage.port import check_key

IMMUTABLE = "public, max-age=31536000, immutable"
PLAYLIST = "public, max-age=2"
"""One that grows is seen to grow; a finished one costs little to ask for again."""
OPEN_HEADERS = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
"""The address is the permission, so pages of any origin may read what they have an address of."""
_LADDER = re.compile(r"proxies/([^/]+)/[^/]+/.+")
_ROOMS = ("proxies/", "previews/", "clips/")


async def signed_answer(services: Cutroom, key: str) -> Response:
    """The object, kept for good by whoever may keep things; a part of a ladder is made when it is missing."""
    media_type = media_type_of_key(key)
    answer = stored_answer(
        services,
        key,
        media_type=media_type,
        cache_control=PLAYLIST if key.endswith(".m3u8") else IMMUTABLE,
        missing="This file has not been made yet, or has gone.",
        make=(lambda: _make(services, key, media_type)) if _LADDER.fullmatch(key) else None,
    )
    return _Open(answer)


async def origin_answer(services: Cutroom, key: str, secret: str) -> Response:
    """The same for a network that shows the secret. Raises `delivery.not-the-network`."""
    wanted = services.settings.cdn.origin_secret
    if not wanted or not hmac.compare_digest(wanted.encode(), secret.encode()):
        raise CutroomError(
            "delivery.not-the-network",
            "Only the content delivery network of this server may read here.",
            hint="Have it send X-Cutroom-Origin with the value of CUTROOM_CDN_ORIGIN_SECRET.",
            kind=ErrorKind.FORBIDDEN,
        )
    return await signed_answer(services, key)


def media_type_of_key(key: str) -> str:
    """The type of a derived object; raises `media.not-found` for what is none."""
    check_key(key)
    media_type = MEDIA_TYPES.get(key.rpartition(".")[2])
    if media_type is None or not key.startswith(_ROOMS):
        raise CutroomError("media.not-found", f"There is no media {key!r}.", kind=ErrorKind.NOT_FOUND)
    return media_type


async def _make(services: Cutroom, key: str, media_type: str) -> Path:
    asset_id = key.split("/")[1]
    showing = await services.database.look(lambda conn: services.library.of_asset(conn, asset_id))
    if not showing:
        raise CutroomError("media.not-found", f"There is no media {key!r}.", kind=ErrorKind.NOT_FOUND)
    return await services.ondemand.make(showing[0], MediaObject(key=key, media_type=media_type, immutable=True))


class _Open(Response):
    """An answer that pages of other origins may use."""

    def __init__(self, answer: Response) -> None:
        self.background = None
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it with the headers that say so."""

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.encode(), value.encode()) for name, value in OPEN_HEADERS.items()]
            await send(message)

        await self._answer(scope, receive, opened)
