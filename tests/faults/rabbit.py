"""A RabbitMQ node of a test's own, that it may kill and start again on what it has kept."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import signal
import time
from pathlib import Path
from types import ModuleType

from kombu import Connection

from cutroom.bootstrap.broker import PREFIX
from tests.faults.supervise import QUEUE

SERVICES = Path(__file__).parents[2] / "scripts" / "services"


def services() -> ModuleType:
    """`scripts/services` as a module."""
    loader = importlib.machinery.SourceFileLoader("cutroom_services", str(SERVICES))
    spec = importlib.util.spec_from_loader("cutroom_services", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class RabbitServer:
    """The node that `scripts/services` would start."""

    name = "celery-rabbitmq"

    def __init__(self) -> None:
        self._services = services()
        self._service: dict[str, str | int] | None = None
        self.missing: str | None = None
        try:
            self._services.program_folder("rabbitmq-server", "rabbitmq-server", self._services.RABBITMQ, inside="sbin")
        except self._services.Missing as error:
            self.missing = str(error)

    @property
    def url(self) -> str:
        assert self._service is not None
        return str(self._service["url"])

    def start(self) -> None:
        """Start it; the second time on what it has kept."""
        services = self._services
        self._service = services.start_rabbitmq() if self._service is None else services.run_rabbitmq(self._service)

    def crash(self) -> None:
        """`kill -9`."""
        assert self._service is not None
        os.killpg(int(self._service["pid"]), signal.SIGKILL)
        while self._services.alive(self._service):
            time.sleep(0.05)

    def stop(self) -> None:
        """End it, and forget what it has kept."""
        if self._service is not None:
            self._services.stop(self._service)
            self._service = None

    def flush(self) -> None:
        """Forget every message."""
        with Connection(self.url) as connection:
            connection.default_channel.queue_purge(f"{PREFIX}{QUEUE}")
