"""Every rule fires on a file made for it, and on no healthy shape (see test_healthy_shapes for the latter)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cutroom.inspection import work
from cutroom.inspection.rules import FROM_ERROR, RULES
from cutroom.inspection.work import inspect_video
from cutroom.media import decode_check
from tests.unit.inspection import damage
from tests.unit.inspection.damage import (
    Way,
    add,
    after,
    both,
    box,
    cut,
    last,
    ogg_page,
    packets,
    put,
    rename,
    with_crc,
    without,
    written_again,
)  # fmt: skip

INFO, TRACKS, CLUSTER, TAGS = b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75", b"\x12\x54\xc3\x67"
NOISE = bytes(range(7, 251, 3)) * 60


def after_all(new: bytes):
    return lambda data: data + new


def in_data(new: bytes, share: float = 0.5):
    """Write into the middle of the file."""
    return lambda data: data[: int(len(data) * share)] + new + data[int(len(data) * share) + len(new) :]


def noise_in_data(data: bytes) -> bytes:
    """Every packet replaced by nonsense."""
    start, end = box(data, b"mdat")
    return data[: start + 8] + (NOISE * (len(data) // len(NOISE) + 1))[: end - start - 8] + data[end:]


def zero_first_chunk_run(data: bytes) -> bytes:
    return after(b"stsc", 12, bytes(4))(data)


def cut_mdat(data: bytes) -> bytes:
    start, _ = box(data, b"moof", box(data, b"moof")[1])
    end = box(data, b"mdat", start)[0]
    return data[:end] + data[box(data, b"mdat", start)[1] :]


def drop_middle(share: float, length: int):
    return lambda data: data[: int(len(data) * share)] + data[int(len(data) * share) + length :]


def one_field_only(data: bytes) -> bytes:
    return data.replace(b"movi", b"mooo", 1)


WAYS: dict[str, Way] = {
    "file.empty": Way("x264-silent", lambda data: b""),
    "file.zero-head": Way("x264-mkv", put(0, bytes(512))),
    "file.only-zeros": Way("x264-mkv", lambda data: bytes(len(data))),
    "file.damaged-head": Way("x264-mkv", put(0, NOISE[:512])),
    "file.odd-head": Way("mpeg2-ts", lambda data: data[100:]),
    "file.not-video": Way("x264-mp4", lambda data: b"Milk, bread, a new hard disk.\n" * 200),
    "file.too-large": Way(
        "x264-silent", lambda data: b"YUV4MPEG2 W9000 H9000 F25:1 Ip C420jpeg\nFRAME\n" + bytes(9000), "y4m"
    ),
    "file.other-container": Way("x264-mkv", lambda data: data, "mp4"),
    "file.cannot-open": Way("x264-mkv", lambda data: data[: data.index(TRACKS)] + NOISE),
    "mp4.moov-missing": Way("x264-mp4", rename(b"moov", b"free")),
    "mp4.moov-cut": Way("x264-mp4", lambda data: data[:-50]),
    "mp4.bad-box": Way("x264-faststart", lambda data: data + NOISE),
    "mp4.box-missing": Way("x264-mp4", after(b"stts", 0, b"XXXX")),
    "mp4.unknown-box": Way("x264-faststart", after_all(b"\0\0\0\x10abcd12345678")),
    "mp4.truncated": Way("x264-faststart", cut(0.7)),
    "mp4.zero-tail": Way("x264-fragmented", after_all(bytes(5000))),
    "mp4.padding": Way("x264-faststart", after_all(bytes(5000))),
    "mp4.trailing-bytes": Way("x264-faststart", after_all(b"end")),
    "mp4.bad-table": Way("x264-mp4", zero_first_chunk_run),
    "mp4.table-mismatch": Way("x264-silent", add(b"stts", 12, 9)),
    "mp4.table-mismatch-minor": Way("x264-silent", add(b"ctts", 12, 9)),
    "mp4.bad-keyframe-list": Way("x264-silent", add(b"stss", 16, 4000)),
    "mp4.duration-mismatch": Way("x264-silent", add(b"mdhd", 20, 1 << 20)),
    "mp4.samples-beyond-end": Way("x264-faststart", cut(0.6)),
    "mp4.samples-outside-data": Way("x264-silent", after(b"stco", 12, b"\0\0\0\x04")),
    "mp4.chunks-overlap": Way("x264-mp4", lambda data: add(b"stco", 16, -200)(data)),
    "mp4.no-samples": Way("x264-silent", damage.nothing_in_tables),
    "mp4.no-data": Way("x264-faststart", lambda data: data[: box(data, b"mdat")[0]]),
    "mp4.fragment-without-data": Way("x264-fragmented", cut_mdat),
    "mp4.bad-fragment": Way("x264-fragmented", last(b"tfhd", 8, b"\xff" * 4)),
    "mp4.fragment-missing": Way("x264-fragmented", lambda data: without(b"moof", 1)(without(b"mdat", 1)(data))),
    "mp4.fragment-mismatch": Way("x264-fragmented", last(b"trun", 12, b"\0\0\x40\0")),
    "mp4.fragment-unused-bytes": Way("x264-fragmented", last(b"trun", 8, b"\0\0\0\x01")),
    "mp4.fragment-time-jump": Way("x264-fragmented", lambda data: add(b"tfdt", 12, 1 << 20)(data)),
    "mp4.bad-index": Way("x264-fragmented", last(b"tfra", 28, b"\0\0\0\x07")),
    "mp4.index-beyond-end": Way("x264-cmaf", after(b"sidx", 28, b"\x7f\0\0\0")),
    "mp4.shorter-than-declared": Way(
        "x264-fragmented", damage.inserted((b"moov", b"mvex"), damage.boxed(b"mehd", bytes(4) + b"\0\1\0\0"))
    ),
    "matroska.truncated": Way("x264-mkv", cut(0.8)),
    "matroska.bad-element": Way("x264-mkv", last(CLUSTER, 0, bytes(12))),
    "matroska.bad-element-minor": Way("x264-mkv", with_crc(TAGS, lambda content: b"\x73\x73\x4f\xff" + content[4:])),
    "matroska.cut-element": Way("x264-mkv-live", cut(0.8)),
    "matroska.bad-checksum": Way("x264-mkv", in_data(b"\x55\xaa")),
    "matroska.bad-checksum-minor": Way("x264-mkv", last(TAGS, 40, b"\x55")),
    "matroska.no-segment": Way("x264-mkv", after(b"\x18\x53\x80\x67", 0, bytes(4))),
    "matroska.no-clusters": Way("x264-mkv-live", lambda data: data[: data.index(CLUSTER)]),
    "matroska.unknown-track": Way(
        "x264-mkv", with_crc(CLUSTER, lambda data: data.replace(b"\x81\0\0\x80", b"\x89\0\0\x80", 1), find=bytes.index)
    ),
    "matroska.time-goes-back": Way("x264-mkv-opus", damage.ebml_time),
    "matroska.trailing-bytes": Way("x264-mkv", after_all(NOISE[:600])),
    "matroska.points-beyond-end": Way("x264-mkv", cut(0.8)),
    "matroska.bad-index": Way("x264-mkv", last(b"\x1c\x53\xbb\x6b", 0, b"\xec\x53\xbb\x6b"[:1])),
    "matroska.shorter-than-declared": Way("x264-mkv", after(b"\x44\x89\x88", 3, b"\x40\xd0\0\0\0\0\0\0")),
    "ts.lost-sync": Way("x264-ts", drop_middle(0.5, 100)),
    "ts.partial-packet": Way("x264-ts", lambda data: data[:-100]),
    "ts.missing-packets": Way("x264-ts", packets(lambda all_: all_[:300] + all_[303:])),
    "ts.join": Way("x264-ts", lambda data: data[188 * 7 :] + data),
    "ts.bad-packet": Way("x264-ts", packets(damage.overlong)),
    "ts.error-flag": Way("x264-ts", packets(damage.flagged)),
    "ts.bad-start": Way("x264-ts", packets(damage.headless)),
    "ts.bad-table": Way("x264-ts", packets(damage.bad_table)),
    "ts.no-tables": Way("x264-ts", packets(lambda all_: [one for one in all_ if damage.pid(one) >= 0x100])),
    "ts.zero-tail": Way("x264-ts", lambda data: data + bytes(188 * 40)),
    "ps.broken-chain": Way("mpeg2-ps", in_data(NOISE[:3000])),
    "ps.truncated": Way("mpeg2-ps", lambda data: data[:-300]),
    "avi.truncated": Way("mpeg4-avi", cut(0.8)),
    "avi.bad-chunk": Way("mpeg4-avi", after(b"idx1", 0, b"\1\2\3\4")),
    "avi.broken-chain": Way("mpeg4-avi", in_data(NOISE[:4000])),
    "avi.bad-index": Way("mpeg4-avi", damage.index_entries),
    "avi.no-index": Way("mpeg4-avi", rename(b"idx1", b"JUNK")),
    "avi.no-data": Way("mpeg4-avi", one_field_only),
    "avi.trailing-bytes": Way("mpeg4-avi", after_all(NOISE[:700])),
    "flv.bad-header": Way("x264-flv", put(5, b"\x7f\xff\xff\xff")),
    "flv.broken-chain": Way("x264-flv", in_data(NOISE[:3000])),
    "flv.truncated": Way("x264-flv", lambda data: data[:-30]),
    "ogg.lost-sync": Way("opus-ogg", ogg_page(2, lambda page: b"XXXX" + page[4:])),
    "ogg.truncated": Way("opus-ogg", lambda data: data[:-30]),
    "ogg.bad-checksum": Way("opus-ogg", in_data(b"\x55\xaa\x55")),
    "ogg.missing-pages": Way("opus-ogg", ogg_page(2, lambda page: b"")),
    "ogg.no-end": Way("opus-ogg", ogg_page(-1, lambda page: b"")),
    "mxf.broken-chain": Way("mpeg2-mxf", in_data(NOISE + bytes(1), 0.6)),
    "mxf.truncated": Way("mpeg2-mxf", cut(0.6)),
    "mxf.no-footer": Way("mpeg2-mxf", lambda data: data[: data.rindex(damage_footer(data))]),
    "asf.bad-object": Way("wmv2-asf", lambda data: put(data.index(DATA_OBJECT) + 16, b"\x33\0\0\0")(data)),
    "asf.truncated": Way("wmv2-asf", cut(0.8)),
    "asf.no-data": Way("wmv2-asf", lambda data: data[: data.index(DATA_OBJECT)]),
    "payload.broken-lengths": Way("x264-silent", in_data(b"\xff" * 3000, 0.4)),
    "payload.forbidden-bytes": Way("x264-silent", in_data(b"\x41\0\0\0\0\0\0\0\0\0\0\0\0", 0.5)),
    "payload.bad-header": Way("mjpeg-mov", rename(b"\xff\xd8\xff", b"\x11\x22\xff")),
    "payload.zero-run": Way("vp9-mp4", in_data(bytes(200), 0.3)),
    "payload.frame-missing": Way("x264-silent", written_again("matroska", leave_out=range(13, 20)), "mkv"),
    "read.error": Way("vp9-mp4", both(written_again("ivf", sound=False), in_data(bytes(3000))), "ivf"),
    "read.complaint": Way("x264-faststart", cut(0.7)),
    "read.corrupt-packet": Way("x264-faststart", cut(0.7)),
    "decode.failed": Way("mjpeg-mov", in_data(NOISE[:6000])),
    "decode.corrupt-frame": Way("x264-silent", in_data(NOISE[:3000], 0.5), None, "deep"),
    "decode.complaint": Way("x264-silent", in_data(NOISE[:3000], 0.5), None, "deep"),
    "decode.nothing": Way("aac-m4a", lambda data: noise_in_data(data)),
    "decode.no-keyframe": Way("x264-ts", packets(damage.between_keyframes)),
    "decode.cut-end": Way("mpeg2-ps", lambda data: data[: int(len(data) * 0.7)]),
    "decode.frames-missing": Way("prores-mov", lambda data: data.replace(b"icpf", b"xxxx", 2), None, "deep"),
    "stream.encrypted": Way("x264-silent", damage.encrypted),
    "timeline.gap": Way("x264-silent", written_again("matroska", leave_out=range(5, 37)), "mkv"),
    "timeline.pictures-missing": Way("mpeg4-mkv", written_again("matroska", leave_out=range(14, 18))),
}
DATA_OBJECT = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")


def damage_footer(data: bytes) -> bytes:
    return b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x04"


CUSTOM = {
    "file.not-found", "file.no-permission", "file.not-a-file", "file.unreadable", "file.changed", "file.timed-out",
    "file.crashed", "file.bit-rot", "file.replaced", "read.new-stream",
}  # fmt: skip
"""Rules about what no bytes show; each has a test that names it."""


def look(path: Path, mode: str = "standard") -> set[str]:
    verdict = inspect_video(report=lambda progress: None, path=str(path), mode=mode).verdict
    return {found.code for found in verdict.findings}


@pytest.mark.parametrize("code", WAYS)
def test_a_rule_fires_on_its_file(tmp_path, healthy, code):
    way = WAYS[code]
    source = healthy(way.shape)
    path = tmp_path / f"film.{way.extension or source.suffix[1:]}"
    path.write_bytes(way.change(source.read_bytes()))
    found = look(path, way.mode)
    assert code in found, sorted(found)


def test_every_rule_has_a_file_or_a_test_that_names_it():
    assert RULES.keys() == WAYS.keys() | CUSTOM
    texts = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    for code in CUSTOM:
        assert any(f'"{code}"' in re.sub(r"CUSTOM = {.*?}", "", text, flags=re.DOTALL) for text in texts), code


def test_a_disk_that_fails_is_unreadable(tmp_path, healthy, monkeypatch):
    def fail(path, *arguments):
        raise OSError(5, "Input/output error", str(path))

    path = healthy("x264-silent")
    monkeypatch.setattr("cutroom.media.source.os.open", fail)
    assert look(path) == {"file.unreadable"}


@pytest.mark.parametrize("shape", ["x264-silent", "x265-mkv", "av1-mp4", "mjpeg-mov", "prores-mov"])
def test_a_refusal_of_memory_is_no_damage(healthy, monkeypatch, shape):
    monkeypatch.setattr(decode_check, "_allowance", lambda source: 0)
    assert look(healthy(shape), "deep") <= {"file.crashed"}


def test_limits_are_told_by_codes_of_their_own():
    assert FROM_ERROR["process.timed-out"] == "file.timed-out"
    assert FROM_ERROR["process.out-of-memory"] == "file.crashed"


def test_a_stream_that_turns_up_late_is_a_note(healthy, monkeypatch):
    def surprised(path):
        raise IndexError  # as PyAV answers to a packet of a stream that it did not count

    monkeypatch.setattr(work, "probe", surprised)
    assert look(healthy("mpeg2-ps")) == {"read.new-stream"}
