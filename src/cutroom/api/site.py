"""The web UI's built files: hashed assets for good, everything else revalidated, addresses of the app → index.html."""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path

import msgspec
import xxhash
from fastapi import APIRouter, HTTPException, Request, Response

from cutroom.api.access import open_to_anybody

BUILT = Path(__file__).parent / "ui"

_NOT_PAGES = {"api", "admin", "health", "metrics", "media", "media-origin"}
"""What begins so and is no route is nothing: a program that asks must not be answered with the page."""

router = APIRouter(dependencies=[open_to_anybody])

_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".map": "application/json"}
_NOT_BUILT = "The page of Cutroom has not been built yet: run `make setup`, then load this again.\n"


class Asset(msgspec.Struct, frozen=True):
    """A file of the UI in the encoding that the browser takes."""

    body: bytes
    media_type: str
    encoding: str | None
    varies: bool


@router.head("/{path:path}", include_in_schema=False)
@router.get("/{path:path}", include_in_schema=False)
async def site(path: str, request: Request) -> Response:
    """A file of the UI, or its one page for every address that is not a file."""
    if path.split("/", 1)[0] in _NOT_PAGES:
        raise HTTPException(404)
    root: Path = request.app.state.ui
    accepted = request.headers.get("accept-encoding", "")
    found = await asyncio.to_thread(_find, root, path, accepted) if path else None
    hashed = path.startswith("assets/")
    if found is None:
        if hashed or Path(path).suffix in {".js", ".css", ".map", ".png", ".svg", ".ico", ".woff2"}:
            raise HTTPException(404)
        found = await asyncio.to_thread(_find, root, "index.html", accepted)
        hashed = False
    if found is None:
        return Response(_NOT_BUILT, status_code=503, media_type="text/plain; charset=utf-8")
    headers = {
        "etag": f'"{xxhash.xxh3_128_hexdigest(found.body)}"',
        "cache-control": "public, max-age=31536000, immutable" if hashed else "no-cache",
    }
    if found.encoding:
        headers["content-encoding"] = found.encoding
    if found.varies:
        headers["vary"] = "accept-encoding"
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.media_type, headers=headers)


def _find(root: Path, path: str, accepted: str) -> Asset | None:
    """The file below `root`, preferring the smaller sibling `.br` or `.gz` that was made at build time."""
    plain = root.joinpath(path)
    try:
        # Resolved, so that neither `..` nor a symbolic link leads out of the folder.
        inside = "\0" not in path and plain.resolve().is_relative_to(root.resolve()) and plain.is_file()
    except OSError:  # a name that is too long
        return None
    if not inside:
        return None
    taken = {
        word.partition(";")[0].strip() for word in accepted.split(",") if not word.replace(" ", "").endswith("q=0")
    }
    media_type = _TYPES.get(plain.suffix) or mimetypes.guess_type(plain.name)[0] or "application/octet-stream"
    siblings = [(name, plain.with_name(plain.name + ending)) for name, ending in _ENCODINGS]
    there = [(name, sibling) for name, sibling in siblings if sibling.is_file()]
    for name, sibling in there:
        if name in taken:
            return Asset(sibling.read_bytes(), media_type, name, True)
    return Asset(plain.read_bytes(), media_type, None, bool(there))
