"""NAL units and parameter sets, against what x264 writes."""

from __future__ import annotations

from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.media.cut import h264
from cutroom.media.cut.bits import BitReader, add_emulation_prevention
from cutroom.media.cut.sps import parse_sps, with_reorder


def encoder_sets(parameters: str = "", **options: str) -> h264.ParameterSets:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = 320, 180, options.pop("pix_fmt", "yuv420p")
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.flags |= av.codec.context.Flags.global_header
    context.options = {"preset": "superfast", "x264-params": parameters, **options}
    context.open()
    sets = h264.ParameterSets()
    sets.add(h264.split_units(context.extradata, 0))
    return sets


@pytest.mark.parametrize(
    ("parameters", "options", "reorder"),
    [
        ("bframes=0", {}, 0), ("bframes=3:b-pyramid=none", {}, 1), ("bframes=3:b-pyramid=normal", {}, 2),
        ("bframes=3", {"pix_fmt": "yuv422p10le"}, 2), ("nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500", {}, 2),
        ("cqm=jvt", {}, 2), ("interlaced=1", {}, 2),
    ],
)  # fmt: skip
def test_a_parameter_set_says_how_far_frames_are_reordered(
    parameters: str, options: dict[str, str], reorder: int
) -> None:
    (unit,) = encoder_sets(parameters, **options).sps.values()
    sps = parse_sps(unit)
    assert sps.reorder == reorder
    assert sps.frames_only == ("interlaced" not in parameters)
    assert sps.macroblocks == 20 * 12


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_a_missing_reorder_depth_is_added_and_nothing_else_changes(depth: int) -> None:
    (unit,) = encoder_sets("bframes=2").sps.values()
    bare = without_restriction(unit)
    assert parse_sps(bare).reorder is None
    said = parse_sps(with_reorder(bare, depth))
    assert said.reorder == depth
    assert (said.number, said.profile, said.level, said.references) == parse_numbers(unit)
    assert with_reorder(unit, depth) == unit


def parse_numbers(unit: bytes) -> tuple[int, int, int, int]:
    sps = parse_sps(unit)
    return sps.number, sps.profile, sps.level, sps.references


def without_restriction(unit: bytes) -> bytes:
    """The set as an encoder writes it that does not say how far it reorders."""
    said = parse_sps(unit).said_bits
    assert said is not None
    text = f"{BitReader(unit[1:]).u(said):0{said}b}" + "01"
    text += "0" * (-len(text) % 8)
    return unit[:1] + add_emulation_prevention(int(text, 2).to_bytes(len(text) // 8, "big"))


def test_a_configuration_reads_back() -> None:
    first, second = encoder_sets("sps-id=0"), encoder_sets("sps-id=7:bframes=0")
    length_bytes, units = h264.read_configuration(h264.write_configuration(first, second))
    assert length_bytes == 4
    both = h264.ParameterSets()
    both.add(units)
    assert both.sps == {**first.sps, **second.sps}
    assert both.pps == {**first.pps, **second.pps}
    assert not both.changed


def test_a_free_number_is_used_by_no_set() -> None:
    sets = encoder_sets("sps-id=1")
    assert sets.free_number() == 2


def test_a_set_that_changes_is_noticed() -> None:
    sets = encoder_sets("bframes=0")
    sets.add(list(encoder_sets("bframes=0").sps.values()))
    assert not sets.changed
    sets.add(list(encoder_sets("bframes=3").sps.values()))
    assert sets.changed


@given(st.lists(st.binary(min_size=1, max_size=40).filter(lambda u: u[-1]), min_size=1, max_size=8))
def test_units_survive_either_framing(payloads: list[bytes]) -> None:
    units = [b"\x65" + add_emulation_prevention(payload) for payload in payloads]
    annex_b = b"".join(b"\0\0\0\1" + unit for unit in units)
    assert h264.split_units(annex_b, 0) == units
    assert h264.split_units(h264.join_units(units), 4) == units


@given(st.binary(max_size=60))
def test_damaged_sets_raise_value_errors_only(data: bytes) -> None:
    try:
        found = parse_sps(b"\x67" + data)
    except ValueError:
        return
    assert found is not None


def test_a_unit_longer_than_its_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        h264.split_units(b"\0\0\0\x09abc", 4)
