"""Rules, merging of observations, and the status they add up to."""

from __future__ import annotations

import re
from pathlib import Path

import cutroom.media
from cutroom.inspection.findings import to_findings, to_verdict
from cutroom.inspection.rules import FROM_ERROR, RULES
from cutroom.inspection.vocabulary import Mode, Severity, Status
from cutroom.media.containers import Fault

MEDIA = Path(cutroom.media.__file__).parent


def test_every_code_has_a_rule_and_every_rule_a_code():
    folders = [MEDIA / "containers", MEDIA / "bitstreams", MEDIA.parent / "inspection"]
    files = [path for folder in folders for path in folder.glob("*.py") if path.name != "rules.py"]
    files += [MEDIA / "decode_check.py", MEDIA / "stream_check.py"]
    groups = {code.partition(".")[0] for code in RULES}
    quoted = re.compile(rf'"((?:{"|".join(groups)})\.[a-z-]+)"')
    used = {code for path in files for code in quoted.findall(path.read_text())} | set(FROM_ERROR.values())
    assert used == RULES.keys()


def verdict_of(*faults: Fault):
    return to_verdict(to_findings(faults), Mode.STANDARD, duration_seconds=10.0, seconds_spent=0.1)


def test_nothing_is_healthy_and_notes_stay_notes():
    assert verdict_of().status is Status.HEALTHY
    assert verdict_of(Fault(code="timeline.gap", message="…")).status is Status.NOTE


def test_doubt_is_suspect_and_certainty_is_corrupt():
    assert verdict_of(Fault(code="payload.zero-run", message="…")).status is Status.SUSPECT
    assert verdict_of(Fault(code="payload.broken-lengths", message="…")).status is Status.CORRUPT


def test_limits_are_never_corrupt():
    assert verdict_of(Fault(code="file.timed-out", message="…")).status is Status.TIMED_OUT
    assert verdict_of(Fault(code="file.crashed", message="…")).status is Status.CRASHED


def test_the_worst_finding_comes_first():
    verdict = verdict_of(
        Fault(code="timeline.gap", message="…"),
        Fault(code="decode.failed", message="…", start_seconds=3.0),
        Fault(code="mp4.moov-missing", message="…"),
    )
    assert [found.code for found in verdict.findings] == ["mp4.moov-missing", "decode.failed", "timeline.gap"]
    assert verdict.severity is Severity.CRITICAL


def test_neighbours_become_one_range_and_distant_places_stay_apart():
    times = [1.0, 1.4, 1.9, 7.0]
    findings = to_findings(Fault(code="decode.failed", message="…", stream=0, start_seconds=at) for at in times)
    assert [(found.start_seconds, found.end_seconds, found.count) for found in findings] == [
        (1.0, 1.9, 3),
        (7.0, 7.0, 1),
    ]


def test_findings_stay_few_however_many_faults():
    faults = (Fault(code="decode.failed", message="…", stream=0, start_seconds=5.0 * at) for at in range(5000))
    findings = to_findings(faults)
    assert len(findings) == 20
    assert sum(found.count for found in findings) == 5000
    assert max(found.end_seconds or 0 for found in findings) == 5.0 * 4999


def test_timestamps_out_of_order_are_no_fault():
    text = "The reader complains: Application provided invalid, non monotonically increasing dts to muxer"
    assert to_findings([Fault(code="read.complaint", message=text)]) == []


def test_messages_cannot_carry_control_characters():
    findings = to_findings([Fault(code="read.complaint", message="a\x1b[31mb\nc")])
    assert findings[0].message == "a·[31mb·c"
