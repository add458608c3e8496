"""What a file declares: exact rates, frames, turns and strings."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from cutroom.core.errors import CutroomError
from cutroom.media.counting import count_gops
from cutroom.media.frame_clock import nearest_rate
from cutroom.media.probe import probe
from cutroom.media.sample import make_footage

SMALL: dict[str, Any] = {"width": 160, "height": 96, "kind": "barcode"}


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.mov"])
@pytest.mark.parametrize("rate", ["24000/1001", "25/1", "30000/1001", "50/1", "60000/1001"])
def test_rates_are_exact_in_every_container(tmp_path: Path, name: str, rate: str) -> None:
    made = make_footage(tmp_path / name, seconds=2, rate=Fraction(rate), bframes=2, audio=None, **SMALL)
    found = probe(tmp_path / name)
    assert found.video is not None
    assert (found.video.frame_rate, found.video.variable_rate) == (rate, False)
    assert found.video.frames == len(made.pts)
    assert found.video.frames_source == ("declared" if name[-3:] in ("mp4", "mov") else "estimated")
    assert found.duration is not None
    assert abs(Fraction(found.duration) - len(made.pts) / Fraction(rate)) < Fraction(1, 100)


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv"])
def test_a_variable_rate_is_seen(tmp_path: Path, name: str) -> None:
    make_footage(tmp_path / name, seconds=3, variable=True, audio=None, **SMALL)
    video = probe(tmp_path / name).video
    assert video is not None
    assert (video.variable_rate, video.frame_rate) == (True, "30/1")


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("name", ["turned.mp4", "turned.mov", "turned.mkv"])
def test_turns_are_read_without_decoding(tmp_path: Path, rotation: int, name: str) -> None:
    make_footage(tmp_path / name, seconds=1, rotation=rotation, audio=None, **SMALL)
    video = probe(tmp_path / name).video
    assert video is not None
    assert video.rotation == rotation
    assert (video.width, video.height) == ((96, 160) if rotation % 180 else (160, 96))
    assert (video.coded_width, video.coded_height) == (160, 96)


def test_tracks_and_strings(tmp_path: Path) -> None:
    make_footage(tmp_path / "h.mov", seconds=1, timecode="01:00:00:00", rate=25, **SMALL)
    found = probe(tmp_path / "h.mov")
    assert found.timecode == "01:00:00:00"
    assert found.video is not None
    assert found.video.codec_string is not None
    assert found.video.codec_string.startswith("avc1.6400")
    assert (found.video.hdr, found.video.bit_depth, found.video.interlaced) == ("none", 8, False)
    assert found.video.color.matrix == "bt709"
    assert [(track.codec, track.sample_rate, track.layout) for track in found.audio] == [("aac", 48000, "stereo")]
    make_footage(tmp_path / "h.ts", seconds=1, audio=None, **SMALL)
    video = probe(tmp_path / "h.ts").video
    assert video is not None
    assert video.codec_string == found.video.codec_string


def test_the_string_of_hevc(tmp_path: Path) -> None:
    for name in ("h.mp4", "h.ts"):
        make_footage(tmp_path / name, seconds=1, codec="libx265", audio=None, **SMALL)
        video = probe(tmp_path / name).video
        assert video is not None
        assert video.codec_string == "hvc1.1.6.L30.90"  # Main, level 1, as x265 says in its log


def test_frames_hidden_by_an_edit_list_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "edited.mp4"
    make_footage(path, seconds=2, audio=None, gop=30, **SMALL)
    data = bytearray(path.read_bytes())
    at = data.index(b"elst")
    assert struct.unpack_from(">I", data, at + 8) == (1,)
    (timescale,) = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)
    struct.pack_into(">Ii", data, at + 12, 1000, timescale // 3)  # one second, from the tenth frame on
    path.write_bytes(data)
    video = probe(path).video
    assert video is not None
    assert (video.frames, video.frames_source) == (30, "declared")
    assert count_gops(path).frames == 30


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    make_footage(tmp_path / "sound.mkv", seconds=1, **SMALL)
    with av.open(str(tmp_path / "sound.mkv")) as source, av.open(str(tmp_path / "sound.m4a"), "w", format="mp4") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    found = probe(tmp_path / "sound.m4a")
    assert found.video is None
    assert len(found.audio) == 1
    assert found.duration is not None
    with pytest.raises(CutroomError) as caught:
        count_gops(tmp_path / "sound.m4a")
    assert caught.value.code == "media.not-video"


def test_a_walk_tells_closed_groups_from_open_ones(tmp_path: Path) -> None:
    make_footage(tmp_path / "closed.mp4", seconds=2, gop=15, bframes=2, audio=None, **SMALL)
    closed = count_gops(tmp_path / "closed.mp4")
    assert (closed.frames, closed.gops, closed.closed, closed.open) == (60, 4, 4, 0)
    assert (closed.lengths, closed.shortest, closed.mean, closed.longest) == ([15] * 4, 15, 15.0, 15)
    assert (closed.b_frames, closed.reorder) == (2, 1)
    make_footage(tmp_path / "open.ts", seconds=2, gop=15, bframes=2, open_gop=True, audio=None, **SMALL)
    opened = count_gops(tmp_path / "open.ts")
    assert (opened.frames, opened.closed) == (60, 1)
    assert opened.open >= 3
    for codec, suffix in (("libx265", "mp4"), ("libx265", "ts"), ("mpeg2video", "ts"), ("libvpx-vp9", "webm")):
        path = tmp_path / f"{codec}.{suffix}"
        make_footage(path, seconds=1, gop=10, codec=codec, audio=None, **SMALL)
        found = count_gops(path)
        assert (found.frames, found.closed, found.b_frames) == (30, 3, 0), path.name


def test_counted_rates_are_those_of_the_packets(tmp_path: Path) -> None:
    path = tmp_path / "rates.mp4"
    make_footage(path, seconds=4, gop=30, audio=None, **SMALL)
    with av.open(str(path)) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    counted = count_gops(path)
    assert counted.bit_rate == round(sum(sizes) * 8 / 4)
    densest = max(sum(sizes[start : start + 30]) for start in range(len(sizes)))
    assert counted.peak_bit_rate == 8 * densest


def test_rates_snap_only_when_they_are_near() -> None:
    assert nearest_rate(Fraction(19001, 317), 3e-4) == Fraction(60000, 1001)
    assert nearest_rate(Fraction(2997, 100), 1e-4) == Fraction(30000, 1001)
    assert nearest_rate(Fraction(173, 10), 1e-4) == Fraction(173, 10)


def test_a_truncated_file_still_declares_or_is_one_error(tmp_path: Path) -> None:
    make_footage(tmp_path / "whole.mkv", seconds=1, **SMALL)
    whole = (tmp_path / "whole.mkv").read_bytes()
    for share in range(1, 20):
        cut = tmp_path / "cut.mkv"
        cut.write_bytes(whole[: len(whole) * share // 20])
        assert outcome(cut) in ("declared", "media.damaged")


def outcome(path: Path) -> str:
    try:
        return "declared" if probe(path).video is not None else "no picture"
    except CutroomError as error:
        return error.code
