"""What each observation means: its severity, how surely it is damage, and the status it forces, if any.

Change a row and raise RULES_VERSION: verdicts of older rules are then given again.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cutroom.inspection.vocabulary import Severity, Status

RULES_VERSION = 2
SURE = 0.75
"""From this confidence on damage is called corrupt, below it suspect."""

HEALTHY_CONFIDENCE = {"quick": 0.6, "standard": 0.9, "hybrid": 0.9, "deep": 0.97, "full": 0.97}
"""How sure "healthy" is: what each mode can see of damage in general."""

NOTE, MINOR, MAJOR, CRITICAL = Severity.NOTE, Severity.MINOR, Severity.MAJOR, Severity.CRITICAL


class Rule(NamedTuple):
    """The meaning of one code."""

    severity: Severity
    confidence: float
    status: Status | None = None  # instead of the one that severity and confidence give


RULES: dict[str, Rule] = {
    "file.empty": Rule(CRITICAL, 1.0),
    "file.zero-head": Rule(CRITICAL, 0.95),
    "file.only-zeros": Rule(CRITICAL, 0.95),
    "file.damaged-head": Rule(CRITICAL, 0.9),
    "file.odd-head": Rule(MINOR, 0.6),
    "file.not-video": Rule(CRITICAL, 0.95, Status.NOT_VIDEO),
    "file.not-found": Rule(CRITICAL, 1.0, Status.UNREADABLE),
    "file.no-permission": Rule(CRITICAL, 1.0, Status.UNREADABLE),
    "file.not-a-file": Rule(CRITICAL, 1.0, Status.UNREADABLE),
    "file.unreadable": Rule(CRITICAL, 1.0, Status.UNREADABLE),
    "file.changed": Rule(CRITICAL, 1.0, Status.UNREADABLE),
    "file.too-large": Rule(CRITICAL, 1.0, Status.UNREADABLE),
    "file.timed-out": Rule(CRITICAL, 1.0, Status.TIMED_OUT),
    "file.crashed": Rule(CRITICAL, 1.0, Status.CRASHED),
    "file.bit-rot": Rule(CRITICAL, 1.0),
    "file.replaced": Rule(NOTE, 1.0),
    "file.other-container": Rule(NOTE, 1.0),
    "file.cannot-open": Rule(CRITICAL, 0.95),
    # MP4 and MOV
    "mp4.moov-missing": Rule(CRITICAL, 1.0),
    "mp4.moov-cut": Rule(CRITICAL, 1.0),
    "mp4.bad-box": Rule(MAJOR, 0.9),
    "mp4.box-missing": Rule(CRITICAL, 0.95),
    "mp4.unknown-box": Rule(NOTE, 0.5),
    "mp4.truncated": Rule(MAJOR, 0.7),
    "mp4.zero-tail": Rule(MAJOR, 0.5),
    "mp4.padding": Rule(NOTE, 0.9),
    "mp4.trailing-bytes": Rule(NOTE, 0.9),
    "mp4.bad-table": Rule(CRITICAL, 0.95),
    "mp4.table-mismatch": Rule(MAJOR, 0.85),
    "mp4.table-mismatch-minor": Rule(MINOR, 0.6),
    "mp4.bad-keyframe-list": Rule(MINOR, 0.7),
    "mp4.duration-mismatch": Rule(MINOR, 0.5),
    "mp4.samples-beyond-end": Rule(MAJOR, 0.98),
    "mp4.samples-outside-data": Rule(MAJOR, 0.9),
    "mp4.chunks-overlap": Rule(MAJOR, 0.7),
    "mp4.no-samples": Rule(CRITICAL, 0.9),
    "mp4.no-data": Rule(CRITICAL, 0.95),
    "mp4.fragment-without-data": Rule(MAJOR, 0.85),
    "mp4.bad-fragment": Rule(MAJOR, 0.95),
    "mp4.fragment-missing": Rule(MAJOR, 0.7),
    "mp4.fragment-mismatch": Rule(MAJOR, 0.9),
    "mp4.fragment-unused-bytes": Rule(MINOR, 0.5),
    "mp4.fragment-time-jump": Rule(MINOR, 0.5),
    "mp4.bad-index": Rule(MINOR, 0.6),
    "mp4.index-beyond-end": Rule(MAJOR, 0.6),
    "mp4.shorter-than-declared": Rule(MAJOR, 0.6),
    # Matroska and WebM
    "matroska.truncated": Rule(MAJOR, 0.95),
    "matroska.bad-element": Rule(MAJOR, 0.9),
    "matroska.bad-element-minor": Rule(MINOR, 0.7),
    "matroska.cut-element": Rule(MAJOR, 0.9),
    "matroska.bad-checksum": Rule(MAJOR, 0.98),
    "matroska.bad-checksum-minor": Rule(MINOR, 0.7),
    "matroska.no-segment": Rule(CRITICAL, 1.0),
    "matroska.no-clusters": Rule(CRITICAL, 0.9),
    "matroska.unknown-track": Rule(MAJOR, 0.85),
    "matroska.time-goes-back": Rule(MINOR, 0.5),
    "matroska.trailing-bytes": Rule(NOTE, 0.8),
    "matroska.points-beyond-end": Rule(MAJOR, 0.7),
    "matroska.bad-index": Rule(MINOR, 0.6),
    "matroska.shorter-than-declared": Rule(MAJOR, 0.6),
    # MPEG transport and program streams
    "ts.lost-sync": Rule(MAJOR, 0.9),
    "ts.partial-packet": Rule(MINOR, 0.5),
    "ts.missing-packets": Rule(MAJOR, 0.85),
    "ts.join": Rule(NOTE, 0.9),
    "ts.bad-packet": Rule(MAJOR, 0.8),
    "ts.error-flag": Rule(MAJOR, 0.9),
    "ts.bad-start": Rule(MAJOR, 0.8),
    "ts.bad-table": Rule(MAJOR, 0.8),
    "ts.no-tables": Rule(MAJOR, 0.6),
    "ts.zero-tail": Rule(MAJOR, 0.6),
    "ps.broken-chain": Rule(MAJOR, 0.85),
    "ps.truncated": Rule(MINOR, 0.6),
    # AVI
    "avi.truncated": Rule(MAJOR, 0.9),
    "avi.bad-chunk": Rule(MAJOR, 0.9),
    "avi.broken-chain": Rule(MAJOR, 0.9),
    "avi.bad-index": Rule(MINOR, 0.8),
    "avi.no-index": Rule(MINOR, 0.7),
    "avi.no-data": Rule(CRITICAL, 0.95),
    "avi.trailing-bytes": Rule(NOTE, 0.8),
    # FLV, Ogg, MXF, ASF
    "flv.bad-header": Rule(MAJOR, 0.8),
    "flv.broken-chain": Rule(MAJOR, 0.9),
    "flv.truncated": Rule(MAJOR, 0.9),
    "ogg.lost-sync": Rule(MAJOR, 0.9),
    "ogg.truncated": Rule(MAJOR, 0.9),
    "ogg.bad-checksum": Rule(MAJOR, 0.98),
    "ogg.missing-pages": Rule(MAJOR, 0.9),
    "ogg.no-end": Rule(MINOR, 0.5),
    "mxf.broken-chain": Rule(MAJOR, 0.85),
    "mxf.truncated": Rule(MAJOR, 0.95),
    "mxf.no-footer": Rule(MINOR, 0.5),
    "asf.bad-object": Rule(MAJOR, 0.85),
    "asf.truncated": Rule(MAJOR, 0.95),
    "asf.no-data": Rule(CRITICAL, 0.95),
    # Payloads, reading and decoding
    "payload.broken-lengths": Rule(MAJOR, 0.95),
    "payload.forbidden-bytes": Rule(MAJOR, 0.95),
    "payload.bad-header": Rule(MAJOR, 0.85),
    "payload.zero-run": Rule(MAJOR, 0.6),
    "payload.frame-missing": Rule(MINOR, 0.6),
    "read.error": Rule(MAJOR, 0.85),
    "read.complaint": Rule(MINOR, 0.7),
    "read.new-stream": Rule(NOTE, 0.5),
    "read.corrupt-packet": Rule(MAJOR, 0.7),
    "decode.failed": Rule(MAJOR, 0.9),
    "decode.corrupt-frame": Rule(MAJOR, 0.9),
    "decode.complaint": Rule(MAJOR, 0.8),
    "decode.nothing": Rule(CRITICAL, 0.7),
    "decode.no-keyframe": Rule(NOTE, 0.7),
    "decode.cut-end": Rule(MINOR, 0.6),
    "decode.frames-missing": Rule(MINOR, 0.5),
    "stream.encrypted": Rule(NOTE, 1.0),
    "timeline.gap": Rule(NOTE, 0.5),
    "timeline.pictures-missing": Rule(MINOR, 0.55),
}

FROM_ERROR = {
    "media.not-found": "file.not-found",
    "media.no-permission": "file.no-permission",
    "media.not-a-file": "file.not-a-file",
    "media.unreadable": "file.unreadable",
    "media.changed": "file.changed",
    "media.empty": "file.empty",
    "media.not-video": "file.not-video",
    "media.too-large": "file.too-large",
    "media.damaged": "file.cannot-open",
    "process.timed-out": "file.timed-out",
    "process.crashed": "file.crashed",
    "process.out-of-memory": "file.crashed",
    "process.failed": "file.crashed",
}
"""The code of the finding that stands for an error."""

HARMLESS = re.compile(
    r"non[- ]monoton|DTS .* out of order|timestamps are unset|Could not find codec parameters"
    r"|Skipping unhandled metadata|Application provided invalid|deprecated|is not implemented"
    r"|asks? for a sample|experimental|first frame is no keyframe",
    re.IGNORECASE,
)
"""Lines that libav writes at error level about healthy files."""


def rule_of(code: str) -> Rule:
    """The rule for a code."""
    return RULES[code]
