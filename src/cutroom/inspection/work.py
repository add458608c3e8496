"""From a file to a verdict: the synchronous, store-free core, run in a bounded child or called by the command line."""

from __future__ import annotations

import os
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core.errors import CutroomError
from cutroom.inspection.checksum import Baseline, compare, hash_file
from cutroom.inspection.files import path_arguments
from cutroom.inspection.findings import to_findings, to_verdict
from cutroom.inspection.models import Inspection, Mode, Status
from cutroom.inspection.rules import FROM_ERROR
from cutroom.media.containers import ByteFile, Fault, Structure, by_extension, check_structure, identify
from cutroom.media.containers.evidence import begins_inside, holds_traces
from cutroom.media.decode_check import Depth, read_through
from cutroom.media.facts import with_count
from cutroom.media.names import shown
from cutroom.media.probe import Probe, probe
from cutroom.media.regular import open_regular

_HEADED = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "mpegts", "mpeg", "ogg", "asf", "mxf"}
"""Containers, by libav's names, that are known by their first bytes."""

Report = Callable[[dict[str, Any]], None]


def inspect_video(
    *, report: Report, path: str, mode: str, path_base64: str | None = None, baseline: dict[str, Any] | None = None
) -> Inspection:
    """Inspect one file.

    `mode` is quick, standard, hybrid, deep or full. `path_base64` carries a name that is not UTF-8, and then counts
    instead of `path`. `baseline` (`checksum.Baseline` as plain values) is what mode full compares the bytes with.
    Whatever is wrong with the file is in the verdict; nothing is raised for it.
    """
    target = Path(os.fsdecode(b64decode(path_base64)) if path_base64 else path)
    asked = Mode(mode)
    if asked is Mode.FULL:
        return _scrub(target, msgspec.convert(baseline, Baseline) if baseline else None, report)
    inspection = _inspect(target, Mode.STANDARD if asked is Mode.HYBRID else asked, asked, report)
    if asked is Mode.HYBRID and inspection.verdict.status is Status.SUSPECT:
        return _inspect(target, Mode.DEEP, asked, report)
    return inspection


def inspect_videos(*, report: Report, mode: str, files: list[dict[str, Any]]) -> list[Inspection]:
    """Inspect several small files in turn: `files` holds what `inspect_video` takes besides the mode."""
    said = report if len(files) == 1 else _quietly
    return [inspect_video(report=said, mode=mode, **one) for one in files]


def _quietly(_progress: dict[str, Any]) -> None:
    """Of one small file of many nobody needs to know how far it is."""


def _scrub(path: Path, baseline: Baseline | None, report: Report) -> Inspection:
    """Every byte against the baseline. Bytes that are the same and were judged by today's rules need no decoding."""
    began = time.monotonic()
    try:
        found = hash_file(report=report, **path_arguments(path))
    except (CutroomError, OSError):
        return _inspect(path, Mode.DEEP, Mode.FULL, report)  # which says in a finding what is wrong
    difference = compare(found, baseline) if baseline else None
    if baseline is not None and difference is None and baseline.current:
        verdict = to_verdict(
            [finding for finding in baseline.findings if finding.code != "file.replaced"],
            Mode.FULL,
            duration_seconds=baseline.duration_seconds,
            seconds_spent=time.monotonic() - began,
        )
        return Inspection(verdict=verdict, probe=None, content_hash=found.content_hash)
    deep = _inspect(path, Mode.DEEP, Mode.FULL, report, also=difference)
    if _stamp(path) != (found.size_bytes, found.mtime_ns):
        return deep  # it changed since its checksum was taken, which then belongs to other bytes
    return Inspection(verdict=deep.verdict, probe=deep.probe, content_hash=found.content_hash)


def _inspect(path: Path, depth: Mode, shown_mode: Mode, report: Report, also: Fault | None = None) -> Inspection:
    began = time.monotonic()
    looking, before = _Looking(path, depth, report), _stamp(path)
    try:
        looking.look()
    except CutroomError as error:
        looking.add_error(error)
    except OSError as error:
        text = f"{shown(path)} cannot be read: {error.strerror or error}."
        looking.faults = [Fault(code="file.unreadable", message=text)]
    if before is not None and _stamp(path) not in (before, None):
        text = f"{shown(path)} changed while it was read."
        looking.faults = [Fault(code="file.changed", message=text)]
    verdict = to_verdict(
        to_findings([*looking.faults, *([also] if also else [])]),
        shown_mode,
        duration_seconds=looking.seconds,
        seconds_spent=time.monotonic() - began,
    )
    return Inspection(verdict=verdict, probe=looking.probe)


class _Looking:
    """One inspection under way."""

    def __init__(self, path: Path, depth: Mode, report: Report) -> None:
        self._path = path
        self._depth = depth
        self._report = report
        self._format: str | None = None
        self._traces = False
        self.faults: list[Fault] = []
        self.probe: Probe | None = None
        self.seconds: float | None = None

    def look(self) -> None:
        """Structure, then opening, then reading through as the mode asks."""
        self._report({"fraction": 0.0, "stage": "structure"})
        structure = self._structure()
        if self._traces:
            return
        if structure is not None:
            self.faults += structure.faults
            self.seconds = structure.duration_seconds
        self._probe()
        if self._depth is Mode.QUICK:
            return
        depth = Depth.EVERYTHING if self._depth is Mode.DEEP else Depth.KEYFRAMES
        encrypted = {fault.stream for fault in self.faults if fault.code == "stream.encrypted"}
        read = read_through(
            self._path,
            container=self._format or "",
            depth=depth,
            encrypted=encrypted,
            on_progress=self._progress,
        )
        if self.probe is not None:
            self.probe = with_count(self.probe, read.counted)
        joined = any(fault.code == "ts.join" for fault in self.faults)
        # Where recordings were put end to end, the reader takes the jump of the counters for a damaged packet.
        self.faults += [fault for fault in read.faults if not (joined and fault.code == "read.corrupt-packet")]
        ends = [stream.last_seconds for stream in read.streams if stream.last_seconds is not None]
        self.seconds = self.seconds or max(ends, default=None)

    def add_error(self, error: CutroomError) -> None:
        """An error that ended the inspection; what the structure showed already explains a failed opening."""
        code = FROM_ERROR.get(error.code)
        if code is None:
            raise error
        damaged = any(fault.code.partition(".")[0] == self._format for fault in self.faults)
        if code == "file.not-video" and self._format is not None and damaged:
            code = "file.cannot-open"
        if code in ("file.not-video", "file.changed"):
            self.faults = []
        if code == "file.cannot-open":
            self.faults = [fault for fault in self.faults if fault.code != code]
        self.faults.append(Fault(code=code, message=error.message))

    def _structure(self) -> Structure | None:
        with open_regular(self._path) as file:
            bytes_ = ByteFile(file.fileno())
            self._format = identify(bytes_)
            promised = by_extension(self._path.suffix)
            if self._format is None and promised and begins_inside(bytes_, promised):
                self._format = promised
                text = "The file begins in the middle of a packet, as the rest of a longer recording does."
                self.faults.append(Fault(code="file.odd-head", message=text, byte_offset=0))
            if self._format is None and promised and (lost := _lost_head(bytes_, promised)) is not None:
                self._traces = True
                self.faults.append(lost)
                return None
            if self._format is not None and promised not in (None, self._format):
                text = f"The name says {promised}, but the file is {self._format}."
                self.faults.append(Fault(code="file.other-container", message=text))
            return check_structure(bytes_, self._format)

    def _probe(self) -> None:
        """What the file declares. Damage that stops this need not stop reading, which tells more about it."""
        try:
            found = probe(self._path)
        except IndexError:
            # PyAV's answer to a stream that turns up while reading; the read-through passes it.
            self.faults.append(Fault(code="read.new-stream", message="A stream turns up after the beginning."))
            return
        except CutroomError as error:
            if error.code != "media.damaged" or self._depth is Mode.QUICK:
                raise
            self.faults.append(Fault(code="file.cannot-open", message=error.message))
            return
        self.probe = found
        self.seconds = _seconds(found) or self.seconds
        if self._format is None and found.format in _HEADED:
            text = "The file does not begin as files of its kind do; the reader found its content further in."
            self.faults.append(Fault(code="file.odd-head", message=text, byte_offset=0))

    def _progress(self, share: float) -> None:
        self._report({"fraction": share, "stage": "reading"})


def _stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of change, or None where there is nothing to ask."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _lost_head(file: ByteFile, promised: str) -> Fault | None:
    """The fault of a file whose beginning no longer is that of a container, but whose name or body says it was one."""
    if file.zero_until_end(0):
        return Fault(code="file.only-zeros", message="The file holds nothing but zeros.", byte_offset=0)
    if not holds_traces(file, promised):
        return None
    if not any(file.read(0, 512)):
        text = f"The beginning of the {promised} file was overwritten with zeros."
        return Fault(code="file.zero-head", message=text, byte_offset=0)
    return Fault(code="file.damaged-head", message=f"The beginning of the {promised} file is damaged.", byte_offset=0)


def _seconds(found: Probe) -> float | None:
    if not found.duration:
        return None
    numerator, _, denominator = found.duration.partition("/")
    return int(numerator) / int(denominator or "1")
