"""Read a whole file as a player would: demux every packet, check payloads, and decode as much as was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import av
import msgspec

from cutroom.media.containers.fault import Fault
from cutroom.media.gops import GopCounter, GopFacts
from cutroom.media.log_capture import LogCapture, capture_errors
from cutroom.media.probe import real_video
from cutroom.media.source import open_source
from cutroom.media.stream_check import StreamCheck

_FAULTS = 20_000  # observations kept of one file
_DEMUX_ERRORS = 200  # after so many the rest of the file is given up
_STALLED = 1000  # reads in a row that bring nothing
# A zero-filled stretch of a transport stream is skipped in bounded steps, each an "again" that is no end of file.
_OPTIONS = {"scan_all_pmts": "1"}


class Depth(StrEnum):
    """How much is decoded."""

    KEYFRAMES = "keyframes"  # all sound, and the pictures that stand alone
    EVERYTHING = "everything"


class StreamFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted in one stream."""

    index: int
    kind: str  # "video", "audio", "subtitle", "data"
    codec: str
    packets: int
    keyframes: int
    bytes: int
    frames_decoded: int
    first_seconds: float | None
    last_seconds: float | None  # end of the last packet


class ReadThrough(msgspec.Struct, frozen=True, kw_only=True):
    """What reading a whole file brought to light."""

    faults: list[Fault]
    streams: list[StreamFacts]
    declared_seconds: float | None
    counted: GopFacts | None = None  # of the picture


def read_through(
    path: Path, *, container: str, depth: Depth, on_progress: Callable[[float], None] | None = None
) -> ReadThrough:
    """Demux all of `path`, one decoder thread a stream.

    `container` is the name `containers.identify` gave. `on_progress` receives the share of the file that was read,
    0 to 1. Raises what `open_source` raises.
    """
    with capture_errors() as log, open_source(path, options=_OPTIONS) as source:
        check = _Reading(source, container, depth, log)
        check.run(on_progress)
        return check.answer()


class _Reading:
    def __init__(self, source: Any, container: str, depth: Depth, log: LogCapture) -> None:
        self._source = source
        self._log = log
        self._faults: list[Fault] = []
        self._container = container
        self._streams = {
            stream.index: StreamCheck(stream, container=container, everything=depth is Depth.EVERYTHING)
            for stream in source.streams
            if stream.type in ("video", "audio") and stream.codec_context is not None
        }
        video = real_video(source)
        self._gops = GopCounter(video) if video is not None else None
        self._chosen = list(source.streams)
        self._seconds = 0.0
        self._take_log()

    def run(self, on_progress: Callable[[float], None] | None) -> None:
        size = max(1, self._source.size)
        for number, packet in enumerate(self._packets()):
            if on_progress and not number & 255 and packet.pos is not None:
                on_progress(min(1.0, packet.pos / size))
            self._take_log()
            stream = self._streams.get(packet.stream_index)
            if self._gops is not None and packet.stream_index == self._gops.index:
                self._gops.take(packet)
            if stream is not None and packet.size:
                found = stream.take(packet, self._log)
                if len(self._faults) < _FAULTS:
                    self._faults += found
                self._seconds = max(self._seconds, stream.last_seconds or 0.0)
        self._take_log()
        for stream in self._streams.values():
            self._faults += stream.finish(self._log)

    def _packets(self) -> Iterator[Any]:
        """Every packet; errors on the way become faults, and reading goes on behind them."""
        errors = stalled = 0
        while True:
            try:
                for packet in self._source.demux(*self._chosen):
                    stalled = 0
                    yield packet
                return
            except BlockingIOError:
                stalled += 1
                if stalled > _STALLED:
                    return
            except IndexError:
                # PyAV does not know streams that turn up while reading; asking again leaves them out.
                errors += 1
                text = "A stream turns up in the middle of the file; it is not checked."
                self._faults.append(Fault(code="read.new-stream", message=text, start_seconds=self._seconds))
                if errors > _DEMUX_ERRORS:
                    return
            except (av.FFmpegError, OSError) as error:
                errors, stalled = errors + 1, stalled + 1
                reason = getattr(error, "strerror", None) or str(error)
                text = f"Reading stumbles: {reason}."
                self._faults.append(Fault(code="read.error", message=text, start_seconds=self._seconds))
                if errors > _DEMUX_ERRORS or stalled > 3 or isinstance(error, av.EOFError):
                    return

    def _take_log(self) -> None:
        for line in self._log.take():
            # Parsers speak here too, about streams that begin in the middle; the decoders see whatever is damage.
            if line.source != self._source.format.name:
                continue
            code = "read.complaint"
            text = f"The reader complains: {line.text}."
            if len(self._faults) < _FAULTS:
                self._faults.append(Fault(code=code, message=text, start_seconds=self._seconds))

    def answer(self) -> ReadThrough:
        declared = self._source.duration
        return ReadThrough(
            counted=self._gops.facts() if self._gops is not None else None,
            faults=self._faults,
            streams=[StreamFacts(**stream.facts()) for stream in self._streams.values()],
            declared_seconds=declared / av.time_base if declared and declared > 0 else None,
        )
