"""What uploads are timed against: a body streamed to a file, FastAPI's UploadFile, and tuspyserver."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("BENCH_FOLDER", "/nonexistent"))


async def raw(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The floor: every piece of the body is written as it comes, and the file flushed like ours."""
    if scope["type"] != "http":
        return
    with (FOLDER / "raw.bytes").open("wb") as file:
        while True:
            message = await receive()
            file.write(message.get("body", b""))
            if not message.get("more_body"):
                break
        file.flush()
        os.fsync(file.fileno())
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def upload_file() -> Any:
    """As FastAPI's documentation shows it, and the file flushed."""
    import shutil

    from fastapi import FastAPI, UploadFile

    app = FastAPI()

    def take(file: UploadFile) -> dict[str, str]:
        with (FOLDER / "form.bytes").open("wb") as target:
            shutil.copyfileobj(file.file, target)
            target.flush()
            os.fsync(target.fileno())
        return {}

    take.__annotations__["file"] = UploadFile
    app.post("/")(take)
    return app


def tuspyserver() -> Any:
    """Its router, without hooks."""
    from fastapi import FastAPI
    from tuspyserver import create_tus_router

    app = FastAPI()
    app.include_router(create_tus_router(files_dir=str(FOLDER), prefix="files"))
    return app
