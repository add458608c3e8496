"""The broker that wakes workers on other machines up: is it there, how much waits in it, put something in.

Messages are hints. The job table alone says what is to be done, so a broker may lose, repeat or delay them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cutroom.core.errors import CutroomError, ErrorKind

if TYPE_CHECKING:
    from celery import Celery

TASK = "cutroom.job"
"""The one task: its only argument is a job's id."""
PREFIX = "cutroom."
"""Before the name of a job queue, in the broker."""
SCHEMES = ("redis", "rediss", "amqp", "amqps")
_CONNECT_SECONDS = 2.0
_ANSWER_SECONDS = 5.0


class Broker:
    """One connection, made when it is first needed and again after a failure; safe in any thread."""

    def __init__(self, url: str) -> None:
        """Raises `broker.url-unknown`; connects to nothing."""
        if urlsplit(url).scheme not in SCHEMES:
            raise CutroomError(
                "broker.url-unknown",
                f"The broker's URL starts with {urlsplit(url).scheme!r}, which is neither redis nor amqp.",
                hint="Set CUTROOM_BROKER_URL to redis://HOST:6379/0 or amqp://USER:PASSWORD@HOST:5672//.",
            )
        self.url = url
        self._lock = threading.Lock()
        self._app: Celery | None = None
        self._connection: Any = None

    @property
    def place(self) -> str:
        """Where it is, without user and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}:{parts.port}" if parts.port else f"{parts.scheme}://{parts.hostname}"

    def app(self) -> Celery:
        """The Celery application. Raises `broker.package-missing`."""
        if self._app is None:
            self._app = _make_app(self.url)
        return self._app

    def problem(self) -> str | None:
        """One sentence when the broker does not answer; None when it does. Takes at most some seconds."""
        try:
            self.depths(())
        except CutroomError as error:
            return f"{error.message} Jobs wait, and go on when it is back."
        return None

    def depths(self, queues: Sequence[str]) -> dict[str, int]:
        """How many messages wait in each queue, which is made when it is not there. Raises `broker.unreachable`."""
        with self._lock, _Refusing(self):
            channel = self._connected().default_channel
            return {name: _declare(name, channel) for name in queues}

    def send(self, queue: str, job_ids: Sequence[str]) -> None:
        """Put a message for each of these jobs into a queue. Raises `broker.unreachable`."""
        app = self.app()
        with self._lock, _Refusing(self):
            connection = self._connected()
            with app.amqp.Producer(connection, auto_declare=False) as producer:
                for job_id in job_ids:
                    app.send_task(
                        TASK,
                        args=(job_id,),
                        queue=f"{PREFIX}{queue}",
                        producer=producer,
                        retry=False,
                        ignore_result=True,
                    )

    def advice(self) -> list[str]:
        """Settings of a Redis broker that make it lose messages. Raises `broker.unreachable`."""
        if not _is_redis(self.url):
            return []
        with self._lock, _Refusing(self):
            ask = self._connected().default_channel.client.config_get
            policy = ask("maxmemory-policy").get("maxmemory-policy")
            logged = ask("appendonly").get("appendonly")
        advice = [] if policy == "noeviction" else [f"maxmemory-policy is {policy}: set it to noeviction"]
        return advice if logged == "yes" else [*advice, "appendonly is off: set it to yes"]

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self.drop()

    def drop(self) -> None:
        """Forget a connection that failed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with _Quiet():
                connection.release()

    def unreachable(self, why: object) -> CutroomError:
        """The error for a broker that does not answer."""
        return CutroomError(
            "broker.unreachable",
            f"The broker at {self.place} cannot be reached: {' '.join(str(why).split()).rstrip('.')}.",
            hint="Start it, or look at CUTROOM_BROKER_URL.",
            kind=ErrorKind.UNAVAILABLE,
        )

    def _connected(self) -> Any:
        if self._connection is None:
            options = {**_options(self.url), **({"socket_timeout": _ANSWER_SECONDS} if _is_redis(self.url) else {})}
            connection = self.app().connection_for_write(connect_timeout=_CONNECT_SECONDS, transport_options=options)
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_CONNECT_SECONDS)
            self._connection = connection
        return self._connection


class _Refusing:
    """Turns whatever a transport raises into `broker.unreachable`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, CutroomError):
            # Transports raise their own kinds, those of their clients, and those of sockets.
            self._broker.drop()
            raise self._broker.unreachable(error) from error


class _Quiet:
    """A connection that is dead already may fail to close."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, Exception)


def _is_redis(url: str) -> bool:
    return url.startswith("redis")


def _options(url: str) -> dict[str, Any]:
    return {"socket_connect_timeout": _CONNECT_SECONDS, "socket_keepalive": True} if _is_redis(url) else {}


def _declare(name: str, channel: Any) -> int:
    from kombu import Queue

    queue = Queue(f"{PREFIX}{name}", routing_key=f"{PREFIX}{name}", durable=True)
    return int(queue(channel).queue_declare().message_count)


def _make_app(url: str) -> Celery:
    try:
        from celery import Celery
    except ImportError as error:
        raise CutroomError(
            "broker.package-missing",
            "A broker is set, and the packages that talk to it are not installed.",
            hint="pip install 'cutroom[cluster]'",
            kind=ErrorKind.UNAVAILABLE,
        ) from error
    app = Celery("cutroom", broker=url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        task_create_missing_queues=True,
        task_send_sent_event=True,
        worker_send_task_events=True,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=_is_redis(url),  # what a busy worker holds back, an idle one could do
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_options(url),
        task_default_queue=f"{PREFIX}io",
        task_serializer="json",
        accept_content=["json"],
    )
    return app
