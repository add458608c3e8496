"""Seeded damage is found, called by a name of its container, and placed."""

from __future__ import annotations

import pytest

from cutroom.inspection.vocabulary import Severity, Status
from cutroom.inspection.work import inspect_video

BAD = {Status.SUSPECT, Status.CORRUPT, Status.NOT_VIDEO}
MAIN_SHAPES = ("x264-mp4", "x264-fragmented", "x264-mkv", "av1-webm", "vp9-webm", "x264-ts", "mpeg4-avi", "x264-flv")
SURE_KINDS = (
    "cut-10", "cut-50", "cut-90", "zero-64k", "random-4k", "flip-100", "missing-100", "extra-1000", "head-zero",
    "head-random", "tail-zero", "tail-random", "no-moov", "no-stbl", "wrong-chunk-offsets", "wrong-sample-size",
    "drop-ts-packets",
)  # fmt: skip


def verdict_of(path, mode="standard"):
    return inspect_video(report=lambda progress: None, path=str(path), mode=mode).verdict


@pytest.mark.parametrize("shape", MAIN_SHAPES)
def test_standard_finds_nearly_all_gross_damage(damaged, shape):
    looked = found = 0
    missed = []
    for kind in SURE_KINDS:
        path = damaged(shape, kind, 1)
        if path is None:
            continue
        looked += 1
        if verdict_of(path).status in BAD:
            found += 1
        else:
            missed.append(kind)
    # A transport stream cut between two packets is a shorter, healthy one, so one miss is allowed.
    assert found >= looked - 1, missed


@pytest.mark.parametrize("shape", ["x264-mp4", "x264-mkv", "x265-mp4", "x264-ts", "prores-mov"])
def test_deep_finds_what_decoding_shows(damaged, shape):
    for kind in ("random-4k", "zero-4k", "flip-100"):
        path = damaged(shape, kind, 3)
        assert verdict_of(path, "deep").status is Status.CORRUPT, kind


def test_missing_index_is_critical(damaged):
    verdict = verdict_of(damaged("x264-mp4", "no-moov", 1), "quick")
    assert verdict.status is Status.CORRUPT
    assert verdict.severity is Severity.CRITICAL
    assert verdict.findings[0].code == "mp4.moov-missing"


def test_a_cut_film_says_from_which_second_on(healthy, tmp_path):
    data = healthy("x264-faststart").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) * 6 // 10])
    verdict = verdict_of(path, "quick")
    finding = next(found for found in verdict.findings if found.code == "mp4.samples-beyond-end" and found.stream == 0)
    assert verdict.status is Status.CORRUPT
    assert 0.3 < finding.start_seconds < 1.6
    assert finding.end_seconds == pytest.approx(1.6, abs=0.1)
    assert finding.byte_offset is not None


def test_matroska_checksums_see_a_single_flipped_bit(healthy, tmp_path):
    data = bytearray(healthy("x264-mkv").read_bytes())
    data[len(data) * 2 // 3] ^= 4
    path = tmp_path / "flipped.mkv"
    path.write_bytes(data)
    codes = {found.code for found in verdict_of(path, "quick").findings}
    assert "matroska.bad-checksum" in codes


def test_lost_transport_packets_are_counted_and_placed(healthy, tmp_path):
    data = healthy("x264-ts").read_bytes()
    path = tmp_path / "lossy.ts"
    path.write_bytes(data[: 188 * 200] + data[188 * 203 :])
    finding = next(found for found in verdict_of(path, "quick").findings if found.code == "ts.missing-packets")
    assert 188 * 200 <= finding.byte_offset < 188 * 240


def test_hybrid_looks_deeper_only_where_standard_doubts(healthy, tmp_path):
    data = healthy("x264-ts").read_bytes()
    path = tmp_path / "partial.ts"
    path.write_bytes(data[: len(data) // 188 * 150] + data[:0])
    verdict = verdict_of(path, "hybrid")
    assert verdict.mode == "hybrid"
    assert verdict.status in {*BAD, Status.HEALTHY}


def test_the_second_file_with_the_same_damage_is_found_too(damaged):
    first, second = damaged("mpeg4-mp4", "random-4k", 5), damaged("mpeg4-mp4", "random-4k", 6)
    assert verdict_of(first, "deep").status is Status.CORRUPT
    again = [verdict_of(path, "deep").findings for path in (first, first, second)]
    assert again[0] == again[1]
    assert again[2]
