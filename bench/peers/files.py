"""Starlette's own FileResponse for one file, on granian as the server is."""

from __future__ import annotations

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route


async def _file(_: Request) -> FileResponse:
    return FileResponse(os.environ["BENCH_FILE"])


app = Starlette(routes=[Route("/file", _file)])
