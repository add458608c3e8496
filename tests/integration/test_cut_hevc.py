"""Smart cuts of HEVC: every frame there, the middle bit-identical, and nothing for two decoders to complain about."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cutroom.media.cut import hevc
from cutroom.media.cut.cutting import cut_range
from cutroom.media.cut.h264 import split_units
from cutroom.media.cut.pictures import Point
from cutroom.media.sample import Footage, make_footage, read_barcode

from .test_cut_frames import HEIGHT, RATES, WIDTH, assert_frames

KINDS = {
    "closed": {"gop": 20, "bframes": 3},
    "open": {"gop": 20, "bframes": 3, "open_gop": True},
    "deep": {"gop": 20, "bframes": 3, "open_gop": True, "pixel_format": "yuv420p10le"},
    "variable": {"gop": 13, "bframes": 2, "variable": True},
}


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Footage]]:
    folder = tmp_path_factory.mktemp("hevc")
    made = {}
    for (kind, details), rate in zip(KINDS.items(), ("23.976", "29.97", "59.94", "25"), strict=True):
        path = folder / f"{kind}.mp4"
        size = {"seconds": Fraction(75) / RATES[rate], "rate": RATES[rate], "width": WIDTH, "height": HEIGHT}
        made[kind] = path, make_footage(path, kind="barcode", codec="libx265", audio="beep", **size, **details)
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("first", "last"), [(17, 61), (20, 60), (21, 43), (0, 41)])
def test_a_smart_cut_holds_exactly_the_marked_frames(
    footage: dict[str, tuple[Path, Footage]], tmp_path: Path, kind: str, first: int, last: int
) -> None:
    source, made = footage[kind]
    output = tmp_path / "clip.mp4"
    answer = cut_range(source, output, Point(frame=first), Point(frame=last), mode="smart")
    assert (answer.mode, answer.fallback_reason, answer.first, answer.last) == ("smart", None, first, last)
    assert_frames(output, made, first, last, slack=Fraction(1, 90000))
    assert decoded_here(output) == list(range(first, last))
    assert answer.reencoded < answer.frames
    before, after = pixels(source), pixels(output)
    encoded = {number for a, b in answer.encoded for number in range(a, b)}
    for number in set(range(first, last)) - encoded:
        assert after[number - first] == before[number]


@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".ts"])
def test_other_containers_hold_both_encodings(
    footage: dict[str, tuple[Path, Footage]], tmp_path: Path, suffix: str
) -> None:
    source, made = footage["open"]
    between = tmp_path / f"whole{suffix}"
    cut_range(source, between, Point(frame=0), Point(frame=75), mode="copy")
    for path, mode in ((source, "smart"), (between, "smart"), (between, "copy")):
        output = tmp_path / f"clip{suffix}"
        answer = cut_range(path, output, Point(frame=25), Point(frame=71), mode=mode)
        assert answer.mode == mode
        assert_frames(output, made, answer.first, answer.last, slack=Fraction(1, 500))


@pytest.mark.skipif(shutil.which("libde265-dec265") is None, reason="libde265-examples is not installed")
def test_a_decoder_of_another_family_agrees(footage: dict[str, tuple[Path, Footage]], tmp_path: Path) -> None:
    source, _ = footage["open"]
    cut_range(source, tmp_path / "clip.mp4", Point(frame=17), Point(frame=66), mode="smart")
    raw, out = tmp_path / "clip.h265", tmp_path / "clip.yuv"
    write_elementary(tmp_path / "clip.mp4", raw)
    done = subprocess.run(["libde265-dec265", "-q", str(raw), "-o", str(out)], capture_output=True, check=True)
    assert b"WARNING" not in done.stdout + done.stderr
    luma = np.fromfile(out, np.uint8).reshape(-1, WIDTH * HEIGHT * 3 // 2)[:, : WIDTH * HEIGHT]
    assert [read_barcode(picture.reshape(HEIGHT, WIDTH)) for picture in luma] == list(range(17, 66))


def test_a_copy_from_an_open_group_leaves_its_leading_pictures_out(
    footage: dict[str, tuple[Path, Footage]], tmp_path: Path
) -> None:
    source, made = footage["open"]
    answer = cut_range(source, tmp_path / "clip.mp4", Point(frame=29), Point(frame=51), mode="copy")
    assert (answer.mode, answer.first, answer.reencoded) == ("copy", 20, 0)
    assert_frames(tmp_path / "clip.mp4", made, answer.first, answer.last, slack=Fraction(1, 90000))


def test_the_header_holds_both_encodings_and_a_splice_is_a_broken_link(
    footage: dict[str, tuple[Path, Footage]], tmp_path: Path
) -> None:
    source, _ = footage["open"]
    cut_range(source, tmp_path / "clip.mp4", Point(frame=17), Point(frame=66), mode="smart")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.codec_tag == "hvc1"
        size, units = hevc.read_configuration(stream.codec_context.extradata)
        kinds = [hevc.kind(u) for p in container.demux(stream) if p.size for u in split_units(bytes(p), size)]
    assert [hevc.kind(unit) for unit in units] == [32, 32, 33, 33, 34, 34]
    assert len({hevc.parse_sps(unit).number for unit in units if hevc.kind(unit) == hevc.SPS}) == 2
    irap = [kind for kind in kinds if 16 <= kind < 24]
    assert [kind for kind in irap if kind not in (19, 20)] == [hevc.BLA_N_LP, hevc.CRA, hevc.CRA]
    assert not {32, 33, 34} & set(kinds)


def decoded_here(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [read_barcode(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


def pixels(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]


def write_elementary(path: Path, raw: Path) -> None:
    """Parameter sets once and then the pictures, with start codes."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        size, units = hevc.read_configuration(stream.codec_context.extradata)
        packets = [unit for p in container.demux(stream) if p.size for unit in split_units(bytes(p), size)]
    raw.write_bytes(b"".join(b"\0\0\0\1" + unit for unit in [*units, *packets]))
