"""Bytes out of a child while it works, through a named pipe: what reads slowly holds the child back, and memory stays
bounded.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cutroom.media.pool import DecodePool

_PIECE = 256 << 10


async def child_bytes(
    pool: DecodePool, target: str, arguments: Mapping[str, Any], *, scratch: Path, deadline_seconds: float
) -> AsyncGenerator[bytes, None]:
    """Run `target(output=…, **arguments)` in a child and give what it writes to the file `output`, as it comes.

    Leaving the iteration kills the child. After the last bytes it raises what the work raised, as `DecodePool.run`.
    """
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="stream-", dir=scratch))
    working: asyncio.Task[Any] | None = None
    transport: asyncio.BaseTransport | None = None
    pipe = folder / "bytes"
    os.mkfifo(pipe, 0o600)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    # Without a writer of our own the pipe would be at its end before the child has opened it.
    holding = os.open(pipe, os.O_WRONLY | os.O_CLOEXEC)
    try:
        stream = asyncio.StreamReader(limit=_PIECE)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", buffering=0)
        )
        asked = {**arguments, "output": str(pipe)}
        working = asyncio.create_task(pool.run(target, asked, deadline_seconds=deadline_seconds))
        working.add_done_callback(lambda _: os.close(holding))
        while data := await stream.read(_PIECE):
            yield data
        await working
    finally:
        if working is None:
            os.close(holding)
        else:
            working.cancel()
            with suppress(asyncio.CancelledError, Exception):  # it has been raised above, or nobody is left to hear it
                await working
        if transport is not None:
            transport.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
