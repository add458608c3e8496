"""The HTTP server's processes: granian's workers, and what ends them in time."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from starlette.types import ASGIApp

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.processes.fresh import start_processes_fresh, starter

GOODBYE = signal.SIGUSR1
"""Sent to a worker before it is asked to stop: open event streams would keep it from stopping by itself."""

_STOP_SECONDS = 2


def run(
    *, host: str, port: int, workers: int, certificate: Path | None, key: Path | None, on_stop: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM; `on_stop` is called when one arrives.

    With a `certificate` and its `key` (PEM) it speaks HTTPS, and HTTP/2 to who offers it. Workers read their settings
    from the environment. Raises SystemExit when they keep failing.
    """
    start_processes_fresh()
    server = Granian(
        "cutroom.api.server:worker_app",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        websockets=False,
        factory=True,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
        ssl_cert=certificate,
        ssl_key=key,
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        for worker in server.wrks:
            _say_goodbye(getattr(worker.inner, "pid", None))
        on_stop()
        server.signal_handler_interrupt()  # type: ignore[no-untyped-call]

    @server.on_startup
    def take_signals() -> None:  # after granian has set its own
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)

    server.serve()


def worker_app() -> ASGIApp:
    """What each worker loads: the application, tied to the life of the process that started it."""
    # Not above: the process that only watches over the workers starts sooner without the application.
    from cutroom.api.app import create_app

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    threading.Thread(target=_end_with, args=(starter(),), daemon=True).start()
    app = create_app()
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector need not look through it again and again
    return app


def check_free(host: str, port: int) -> int:
    """The port to listen on: `port`, or a free one for 0. Raises `server.port-busy` and the like."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CutroomError("server.host-unknown", f"{host!r} is no address of this machine: {error}.") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CutroomError(
                "server.port-busy",
                f"Cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}.",
                hint=f"Stop the program that uses it, or choose another one: cutroom serve --port {port + 1}",
                kind=ErrorKind.CONFLICT,
            ) from error
        return int(probe.getsockname()[1])


def check_certificate(certificate: str, key: str) -> tuple[Path | None, Path | None]:
    """The files of a certificate and its key, or neither. Raises `server.bad-certificate`."""
    if not certificate and not key:
        return None, None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise CutroomError(
            "server.bad-certificate",
            f"The certificate {certificate!r} with the key {key!r} cannot be used: {error}.",
            hint="CUTROOM_SERVER_TLS_CERTIFICATE and CUTROOM_SERVER_TLS_KEY name two PEM files that belong together.",
        ) from error
    return Path(certificate), Path(key)


def _end_with(parent: int) -> None:
    """End this worker soon after its parent died, even when that was `kill -9`."""
    while os.getppid() == parent:
        time.sleep(0.25)
    os.kill(os.getpid(), GOODBYE)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_SECONDS)
    os._exit(1)


def _say_goodbye(pid: int | None) -> None:
    if pid is None or sys.platform == "win32":
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, GOODBYE)
