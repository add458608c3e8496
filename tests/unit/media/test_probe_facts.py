"""Facts beside rates and frames: orientation, HDR, timecode, device, tracks."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from cutroom.media import boxes
from cutroom.media.access_unit import Framing
from cutroom.media.counting import count_gops
from cutroom.media.cut.bits import add_emulation_prevention
from cutroom.media.facts import VideoTrack, with_count
from cutroom.media.ladder.orientation import orientation_of
from cutroom.media.probe import probe
from cutroom.media.sample import make_footage

SMALL: dict[str, Any] = {"width": 160, "height": 96, "kind": "barcode", "audio": None, "seconds": 1}


def video_of(path: Path) -> VideoTrack:
    found = probe(path).video
    assert found is not None
    return found


def rewritten(source: Path, target: Path, change: Callable[[Any], None], options: dict[str, str] | None = None) -> Path:
    """Copy the packets of `source`; `change` gets the output before the first one."""
    with av.open(str(source)) as given, av.open(str(target), "w", options=options or {}) as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        change(out)
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return target


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(("turn", "mirrored"), [(0, False), (0, True), (90, True), (180, False), (270, True)])
def test_mirroring_is_told_from_turning(tmp_path: Path, suffix: str, turn: int, mirrored: bool) -> None:
    make_footage(tmp_path / "plain.mp4", **SMALL)
    path = tmp_path / f"turned.{suffix}"

    rewritten(
        tmp_path / "plain.mp4", path, lambda out: out.streams.video[0].set_display_rotation(-turn, hflip=mirrored)
    )
    with av.open(str(path)) as container:
        shown = orientation_of(next(container.decode(video=0)))
    found = video_of(path)
    assert (found.rotation, found.mirrored) == (shown.degrees, shown.mirrored)
    assert (found.rotation % 180, found.mirrored) == (turn % 180, mirrored)


def inside(path: Path, *names: bytes) -> list[boxes.Box]:
    data = path.read_bytes()
    return [next(boxes.find(data, *names[: depth + 1])) for depth in range(len(names))]


def insert(path: Path, child: bytes, at: int, parents: list[boxes.Box]) -> None:
    """Put a box at an offset of a file whose index is at its end, and lengthen what holds it."""
    data = bytearray(path.read_bytes())
    for parent in parents:
        struct.pack_into(">I", data, parent.start, parent.size + len(child))
    path.write_bytes(bytes(data[:at]) + child + bytes(data[at:]))


def test_dolby_vision_is_known_by_its_record(tmp_path: Path) -> None:
    path = tmp_path / "vision.mp4"
    make_footage(path, codec="libx265", pixel_format="yuv420p10le", **SMALL)
    assert video_of(path).hdr == "none"
    parents = inside(path, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    entry = next(boxes.boxes(path.read_bytes(), parents[-1].payload + 8, parents[-1].end))
    record = boxes.box(b"dvvC", bytes((1, 0, 8 << 1, 0x4D)) + bytes(20))
    insert(path, record, entry.end, [*parents, entry])
    found = video_of(path)
    assert (found.hdr, found.dolby_vision_profile, found.bit_depth) == ("dolby-vision", 8, 10)


def transport(path: Path, units: bytes, **options: Any) -> Path:
    """A raw stream of `make_footage`'s, with NAL units put before its first slice."""
    make_footage(path.with_suffix(".ts"), **{**SMALL, **options})
    with av.open(str(path.with_suffix(".ts"))) as given:
        data = [bytes(packet) for packet in given.demux(video=0) if packet.size]
    hevc = path.suffix == ".hevc"
    framing = Framing(hevc=hevc, length_bytes=0)
    slice_ = list(framing.head(data[0]))[-1]
    at = data[0].index(b"\0\0\1" + slice_[:16])
    path.write_bytes(data[0][:at] + units + data[0][at:] + b"".join(data[1:]))
    return path


def message(hevc: bool, kind: int, payload: bytes) -> bytes:
    body = bytes((kind, len(payload))) + payload + b"\x80"
    return b"\0\0\1" + (b"\x4e\x01" if hevc else b"\x06") + add_emulation_prevention(body)


@pytest.mark.parametrize(("transfer", "kind"), [("smpte2084", "hdr10+"), ("arib-std-b67", "hlg")])
def test_hdr10_plus_is_known_by_its_message(tmp_path: Path, transfer: str, kind: str) -> None:
    told = f"log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    plus = message(True, 4, bytes.fromhex("b5003c000104") + bytes(12))
    options = {"codec": "libx265", "pixel_format": "yuv420p10le", "options": {"x265-params": told}}
    path = transport(tmp_path / "plus.hevc", plus, **options)
    assert video_of(path).hdr == kind
    plain = transport(tmp_path / "plain.hevc", b"", **options)
    assert video_of(plain).hdr == {"hdr10+": "pq"}.get(kind, kind)


def bits(*fields: tuple[int, int]) -> bytes:
    """Values and their widths, padded to whole bytes."""
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def clock(hours: int, minutes: int, seconds: int, frames: int, *, wide: int, drop: bool) -> list[tuple[int, int]]:
    counting = 4 if drop else 0
    return [
        (0, 1),
        (counting, 5),
        (1, 1),
        (0, 1),
        (int(drop), 1),
        (frames, wide),
        (seconds, 6),
        (minutes, 6),
        (hours, 5),
    ]


@pytest.mark.parametrize("drop", [False, True])
def test_the_timecode_beside_a_picture_is_what_the_decoder_finds(tmp_path: Path, drop: bool) -> None:
    stamp = bits((0, 4), (1, 1), (0, 2), *clock(10, 20, 33, 5, wide=8, drop=drop), (0, 24))
    told = {"options": {"x264-params": "pic-struct=1:scenecut=0", "bf": "0"}, "rate": Fraction(30000, 1001)}
    path = transport(tmp_path / "stamped.h264", b"", **told)
    data = path.read_bytes()
    start = data.index(b"\0\0\1\x06\x01")  # x264's own message, which holds no clock
    path.write_bytes(data[:start] + message(False, 1, stamp) + data[data.index(b"\0\0\1", start + 3) :])
    found = probe(path)
    assert (found.timecode, found.timecode_source) == (f"10:20:33{';' if drop else ':'}05", "picture")
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    (_, word) = struct.unpack_from("=II", bytes(frame.side_data["S12M_TIMECODE"]))
    digits = [(word >> at + 4 & 7) * 10 + (word >> at & 15) for at in (0, 8, 16)]  # SMPTE ST 12: hours first
    assert (*digits, word >> 24 & 15, bool(word >> 30 & 1)) == (10, 20, 33, 5, drop)


def test_hevc_and_mpeg2_carry_a_timecode_too(tmp_path: Path) -> None:
    payload = bits((1, 2), (1, 1), *clock(1, 2, 3, 4, wide=9, drop=False), (0, 5))
    path = transport(tmp_path / "stamped.hevc", message(True, 136, payload), codec="libx265")
    assert (probe(path).timecode, probe(path).timecode_source) == ("01:02:03:04", "picture")
    make_footage(tmp_path / "group.ts", **{**SMALL, "codec": "mpeg2video"}, rate=25)
    assert probe(tmp_path / "group.ts").timecode is None
    data = bytearray((tmp_path / "group.ts").read_bytes())
    at = data.index(b"\0\0\1\xb8")
    data[at + 4 : at + 8] = bits((0, 1), (11, 5), (12, 6), (1, 1), (13, 6), (14, 6), (1, 1), (0, 6))
    (tmp_path / "group.ts").write_bytes(data)
    assert probe(tmp_path / "group.ts").timecode == "11:12:13:14"


def test_a_timecode_track_is_a_track(tmp_path: Path) -> None:
    make_footage(tmp_path / "tc.mov", timecode="01:00:00:00", rate=25, **SMALL)
    found = probe(tmp_path / "tc.mov")
    assert (found.timecode, found.timecode_source) == ("01:00:00:00", "track")
    assert [track.kind for track in found.others] == ["timecode"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "iPhone 15"}, ("Apple", "iPhone 15", None)),
        ({"com.android.manufacturer": "Google", "com.android.version": "14"}, ("Google", None, "14")),
        ({"make": "Canon", "model": "EOS R5"}, ("Canon", "EOS R5", None)),
    ],
)
def test_devices_say_who_they_are(tmp_path: Path, tags: dict[str, str], expected: tuple[str | None, ...]) -> None:
    make_footage(tmp_path / "plain.mp4", **SMALL)
    path = tmp_path / "tagged.mov"
    written = {"movflags": "use_metadata_tags"}
    rewritten(tmp_path / "plain.mp4", path, lambda out: out.metadata.update(tags), written)
    found = probe(path)
    assert found.device is not None
    told = (found.device.make, found.device.model, found.device.software)
    assert told[:2] == expected[:2]
    assert expected[2] is None or told[2] == expected[2]


def test_xmp_says_it_where_tags_do_not(tmp_path: Path) -> None:
    path = tmp_path / "xmp.mp4"
    make_footage(path, **SMALL)
    text = b'<x:xmpmeta><rdf:Description tiff:Make="DJI" xmp:CreateDate="2024-05-01"/><tiff:Model>FC3582</tiff:Model>'
    uuid = boxes.box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), text + b"</x:xmpmeta>")
    path.write_bytes(path.read_bytes() + uuid)
    found = probe(path)
    assert found.device is not None
    assert (found.device.make, found.device.model, found.created) == ("DJI", "FC3582", "2024-05-01")
    assert "xmp" not in found.tags


def test_what_is_counted_is_in_the_answer(tmp_path: Path) -> None:
    make_footage(tmp_path / "counted.mkv", **SMALL)
    found = probe(tmp_path / "counted.mkv")
    assert found.video is not None
    assert found.video.frames_source == "estimated"
    counted = with_count(found, count_gops(tmp_path / "counted.mkv"))
    assert counted.video is not None
    assert (counted.video.frames, counted.video.frames_source) == (30, "counted")
