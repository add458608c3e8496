"""From observations to findings, and from findings to a status."""

from __future__ import annotations

from collections.abc import Iterable

from cutroom.inspection.models import Finding, Mode, Severity, Status, Verdict
from cutroom.inspection.rules import HARMLESS, HEALTHY_CONFIDENCE, RULES_VERSION, SURE, rule_of
from cutroom.media.containers import Fault

_NEAR_SECONDS = 1.0
_PLACES = 20  # findings kept for each kind and stream; later places widen the last one
_ORDER = {Severity.NOTE: 0, Severity.MINOR: 1, Severity.MAJOR: 2, Severity.CRITICAL: 3}


def to_findings(faults: Iterable[Fault]) -> list[Finding]:
    """Merge neighbouring observations of one kind; the worst and surest findings come first."""
    kinds: dict[tuple[str, int | None], list[Finding]] = {}
    for fault in faults:
        if fault.code.endswith(".complaint") and HARMLESS.search(fault.message):
            continue
        places = kinds.setdefault((fault.code, fault.stream), [])
        if places and (len(places) >= _PLACES or _near(places[-1], fault)):
            places[-1] = _widened(places[-1], fault)
        else:
            places.append(_finding(fault))
    findings = [finding for places in kinds.values() for finding in places]
    return sorted(findings, key=lambda found: (-_ORDER[found.severity], -found.confidence, found.start_seconds or 0.0))


def to_verdict(findings: list[Finding], mode: Mode, *, duration_seconds: float | None, seconds_spent: float) -> Verdict:
    """The verdict that findings add up to."""
    forced = next((rule_of(found.code) for found in findings if rule_of(found.code).status), None)
    damage = [found for found in findings if found.severity is not Severity.NOTE]
    surest = max((found.confidence for found in damage), default=0.0)
    if forced is not None and forced.status is not None:
        status, confidence = forced.status, forced.confidence
    elif damage:
        status = Status.CORRUPT if surest >= SURE else Status.SUSPECT
        confidence = surest
    else:
        status, confidence = (Status.NOTE if findings else Status.HEALTHY), HEALTHY_CONFIDENCE[mode]
    return Verdict(
        status=status,
        mode=mode,
        confidence=round(confidence, 3),
        severity=max((found.severity for found in findings), key=_ORDER.__getitem__, default=None),
        findings=findings,
        duration_seconds=duration_seconds,
        seconds_spent=round(seconds_spent, 4),
        rules_version=RULES_VERSION,
    )


def _finding(fault: Fault) -> Finding:
    rule = rule_of(fault.code)
    return Finding(
        code=fault.code,
        severity=rule.severity,
        confidence=rule.confidence,
        stream=fault.stream,
        start_seconds=_rounded(fault.start_seconds),
        end_seconds=_rounded(fault.end_seconds if fault.end_seconds is not None else fault.start_seconds),
        byte_offset=fault.byte_offset,
        message=_printable(fault.message),
    )


def _near(place: Finding, fault: Fault) -> bool:
    if fault.start_seconds is None or place.end_seconds is None:
        return fault.start_seconds is None and place.end_seconds is None
    return fault.start_seconds - place.end_seconds <= _NEAR_SECONDS


def _widened(place: Finding, fault: Fault) -> Finding:
    ends = [place.end_seconds, fault.end_seconds, fault.start_seconds]
    starts = [place.start_seconds, fault.start_seconds]
    return Finding(
        code=place.code,
        severity=place.severity,
        confidence=place.confidence,
        stream=place.stream,
        start_seconds=_rounded(min((value for value in starts if value is not None), default=None)),
        end_seconds=_rounded(max((value for value in ends if value is not None), default=None)),
        byte_offset=place.byte_offset if place.byte_offset is not None else fault.byte_offset,
        message=place.message,
        count=place.count + 1,
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _printable(text: str) -> str:
    """One line of printable characters: messages may quote bytes of hostile files."""
    return "".join(character if character.isprintable() else "·" for character in text)[:500]
