"""HEVC parameter sets and pictures under other numbers, against what x265 writes."""

from __future__ import annotations

from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.media.cut import hevc
from cutroom.media.cut.bits import BitReader, add_emulation_prevention, strip_emulation_prevention, with_ue
from cutroom.media.cut.h264 import split_units

NUMBERS = hevc.Renumbering(vps=3, sps=7, pps=16)


def encoded(frames: int = 3, pixel_format: str = "yuv420p") -> tuple[list[bytes], list[bytes]]:
    """Parameter sets and packets of x265."""
    context = av.CodecContext.create("libx265", "w")
    context.width, context.height, context.pix_fmt = 320, 180, pixel_format
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.flags |= av.codec.context.Flags.global_header
    context.options = {"preset": "ultrafast", "x265-params": "log-level=error:bframes=0"}
    packets = []
    for number in range(frames):
        frame = av.VideoFrame(320, 180, pixel_format)
        frame.pts = number
        packets += [bytes(packet) for packet in context.encode(frame)]
    packets += [bytes(packet) for packet in context.encode(None)]
    return split_units(context.extradata, 0), packets


@pytest.mark.parametrize(("pixel_format", "profile"), [("yuv420p", 1), ("yuv420p10le", 2), ("yuv422p10le", 4)])
def test_a_parameter_set_says_its_format_and_keeps_it_under_another_number(pixel_format: str, profile: int) -> None:
    units, _ = encoded(1, pixel_format)
    sets = NUMBERS.sets(units)
    assert sets.complete
    assert (set(sets.vps), set(sets.sps), set(sets.pps)) == ({3}, {7}, {16})
    (before,) = [hevc.parse_sps(unit) for unit in units if hevc.kind(unit) == hevc.SPS]
    after = hevc.parse_sps(sets.sps[7])
    assert (after.profile, after.vps, after.general) == (profile, 3, before.general)
    deep = 2 * ("10" in pixel_format)
    assert (after.chroma, after.depth_luma, after.depth_chroma) == (2 if "422" in pixel_format else 1, deep, deep)


def test_renumbered_pictures_decode_to_the_same_frames() -> None:
    units, packets = encoded(4)
    sets = NUMBERS.sets(units)
    pictures = [
        [NUMBERS.slice(unit) for unit in split_units(packet, 0) if hevc.kind(unit) < hevc.VPS] for packet in packets
    ]
    joined = [hevc.join_units(units) for units in pictures]
    assert frames(hevc.write_configuration(sets), joined) == frames(
        hevc.write_configuration(hevc.Renumbering(vps=0, sps=0, pps=0).sets(units)),
        [hevc.join_units([u for u in split_units(packet, 0) if hevc.kind(u) < hevc.VPS]) for packet in packets],
    )


def frames(configuration: bytes, packets: list[bytes]) -> list[bytes]:
    context = av.CodecContext.create("hevc", "r")
    context.extradata = configuration
    out = [frame for packet in packets for frame in context.decode(av.Packet(packet))]
    shown = [*out, *context.decode(None)]
    assert len(shown) == len(packets)
    return [frame.to_ndarray().tobytes() for frame in shown]


@given(st.binary(min_size=2, max_size=40), st.booleans(), st.sampled_from([1, 19, 20]), st.sampled_from(range(15, 31)))
def test_a_slice_moves_by_a_whole_byte(data: bytes, first: bool, kind: int, number: int) -> None:
    ahead = 2 if kind >= 16 else 1
    head = int(first) << 7 | 1 << 7 - ahead | data[0] & (1 << 7 - ahead) - 1
    payload = bytes([head]) + data[1:].rstrip(b"\0") + b"\x80"
    unit = bytes([kind << 1, 1]) + add_emulation_prevention(payload)
    moved = hevc.Renumbering(vps=1, sps=1, pps=number).slice(unit)
    after = strip_emulation_prevention(moved[2:])
    bits = BitReader(moved[2:])
    assert moved[:2] == unit[:2]
    assert bits.u(1) == first
    bits.u(ahead - 1)
    assert bits.ue() == number
    assert bits.position == 9 + ahead
    assert after[2:] == payload[1:]
    assert after[1] & (1 << 7 - ahead) - 1 == payload[0] & (1 << 7 - ahead) - 1


@given(st.binary(min_size=3, max_size=20), st.integers(0, 40))
def test_a_number_inside_a_payload_is_replaced_and_nothing_else(data: bytes, value: int) -> None:
    payload = b"\x40\0\0\3" + data.rstrip(b"\0") + b"\x80"  # bytes that look escaped and are not
    changed = with_ue(payload, 1, value)
    before, after = BitReader(payload, escaped=False), BitReader(changed, escaped=False)
    assert before.u(1) == after.u(1)
    assert (before.ue(), after.ue()) == (0, value)
    rest = len(payload) * 8 - before.position - 7  # up to the stop bit
    assert before.u(rest) == after.u(rest)


def test_numbers_that_are_taken_are_not_chosen() -> None:
    taken = hevc.ParameterSets(vps=dict.fromkeys(range(15), b""), sps={15: b""}, pps={15: b"", 16: b""})
    assert hevc.numbers_beside(taken) == hevc.Renumbering(vps=15, sps=14, pps=17)
    full = hevc.ParameterSets(vps=dict.fromkeys(range(16), b""))
    assert hevc.numbers_beside(full) is None


@given(st.binary(max_size=60), st.sampled_from([hevc.VPS, hevc.SPS, hevc.PPS]))
def test_damaged_units_are_taken_whole_or_raise_what_is_expected(data: bytes, kind: int) -> None:
    sets = hevc.ParameterSets()
    unit = bytes([kind << 1, 1]) + data
    try:
        sets.add([unit])
    except (ValueError, IndexError):
        assert [*sets.vps, *sets.sps, *sets.pps] == []
    else:
        assert [*sets.vps.values(), *sets.sps.values(), *sets.pps.values()] == [unit]
