"""A rung as one MP4: every frame of the ladder, at its time, with its sound, and not one byte encoded again."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cutroom.core.errors import CutroomError
from cutroom.media import boxes
from cutroom.media.hls import playlist_files, rendition_uris
from cutroom.media.progressive import Progressive, join_tracks
from cutroom.media.progressive_track import TrackFiles
from cutroom.media.sample import make_footage
from tests.integration.ladder_reading import Made, make_ladder, number_in


def joined(made: Made, height: int) -> Progressive:
    master = (made.folder / "master.m3u8").read_text()
    names = [f"{height}.m3u8", *rendition_uris(master)]
    found = [playlist_files((made.folder / name).read_text()) for name in names]
    return join_tracks(made.folder, [TrackFiles(init=init, segments=segments) for init, segments in found])


def written(progressive: Progressive, folder: Path, target: Path) -> Path:
    with target.open("wb") as out:
        out.write(progressive.head)
        for piece in progressive.pieces:
            out.write((folder / piece.file).read_bytes()[piece.offset : piece.offset + piece.size])
    assert target.stat().st_size == progressive.size
    return target


@pytest.mark.parametrize("variable", [False, True])
def test_frames_and_sound_are_those_of_the_ladder(tmp_path: Path, variable: bool) -> None:
    source = tmp_path / "in.mp4"
    make_footage(
        source, seconds=9, rate=Fraction(30000, 1001), width=320, height=240, kind="barcode",
        bframes=2, variable=variable, audio="beep",
    )  # fmt: skip
    made = make_ladder(source, tmp_path / "out", heights=(240, 120))
    for height in (240, 120):
        path = written(joined(made, height), made.folder, tmp_path / f"{height}.mp4")
        with av.open(str(path)) as container:
            frames = [(number_in(frame), frame.pts * frame.time_base) for frame in container.decode(video=0)]
            assert container.streams.video[0].frames == len(frames)
        assert frames == made.frames(height)
        with av.open(str(path)) as container:
            sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        expected, _ = made.samples()
        assert np.array_equal(sound, expected[-len(sound) :])
        assert abs(len(sound) - len(expected)) <= 1024


def test_a_player_can_begin_while_it_loads(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=6, width=320, height=240, kind="barcode", audio="tone")
    made = make_ladder(source, tmp_path / "out", heights=(240,))
    progressive = joined(made, 240)
    path = written(progressive, made.folder, tmp_path / "rung.mp4")
    data = path.read_bytes()
    assert [item.kind for item in boxes.boxes(data)] == [b"ftyp", b"moov", b"mdat"]
    assert len(progressive.head) < 20_000
    start = tmp_path / "start.mp4"
    start.write_bytes(data[: len(progressive.head) + progressive.pieces[0].size])
    with av.open(str(start)) as container:
        assert number_in(next(container.decode(video=0))) == 0
    # Picture and sound alternate: neither is far ahead of the other in the file.
    assert len({piece.file.split("/")[0] for piece in progressive.pieces[:4]}) == 2
    with av.open(str(path)) as container:
        container.seek(4_000_000)
        frame = next(container.decode(video=0))
        assert frame.time == pytest.approx(4)
        assert number_in(frame) == 120


def test_sound_that_begins_late_is_in_its_place(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=5, width=320, height=240, kind="barcode", audio="beep")
    made = make_ladder(source, tmp_path / "out", heights=(240,))
    first = sorted((made.folder / "audio" / "0").glob("*.m4s"))[0]
    data = bytearray(first.read_bytes())
    at = data.index(b"tfdt") + 8
    assert struct.unpack_from(">Q", data, at) == (0,)
    for path in sorted((made.folder / "audio" / "0").glob("*.m4s")):  # everything a quarter of a second later
        moved = bytearray(path.read_bytes())
        (time,) = struct.unpack_from(">Q", moved, at)
        struct.pack_into(">Q", moved, at, time + 12_000)
        path.write_bytes(moved)
    path = written(joined(made, 240), made.folder, tmp_path / "late.mp4")
    assert [edit.media_time for edit in boxes.edits(path.read_bytes())] == [-1, 0]
    with av.open(str(path)) as container:
        frame = next(container.decode(audio=0))
        assert frame.pts * frame.time_base == Fraction(1, 4)


def test_every_sound_track_comes_along_and_one_is_on(tmp_path: Path) -> None:
    one, two = tmp_path / "one.mkv", tmp_path / "two.mkv"
    make_footage(one, seconds=3, width=320, height=240, kind="barcode", audio="tone")
    with av.open(str(one)) as given, av.open(str(two), "w") as out:
        video = out.add_stream_from_template(given.streams.video[0])
        sounds = [out.add_stream_from_template(given.streams.audio[0]) for _ in range(2)]
        for stream, language in zip(sounds, ("eng", "deu"), strict=True):
            stream.metadata["language"] = language
        for packet in given.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "video":
                packet.stream = video
                out.mux(packet)
                continue
            for stream in sounds:
                packet.stream = stream
                out.mux(packet)
    made = make_ladder(two, tmp_path / "out", heights=(240,))
    path = written(joined(made, 240), made.folder, tmp_path / "both.mp4")
    with av.open(str(path)) as container:
        assert [stream.metadata["language"] for stream in container.streams.audio] == ["eng", "deu"]
        enabled = [bool(int(stream.disposition) & 1) for stream in container.streams.audio]
        assert enabled == [True, False]
        assert all(len(list(container.decode(audio=0))) > 100 for _ in range(1))


def test_a_missing_or_foreign_segment_is_one_error(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=5, width=320, height=240, kind="barcode", audio=None)
    made = make_ladder(source, tmp_path / "out", heights=(240,))
    segment = sorted((made.folder / "240").glob("*.m4s"))[1]
    whole = segment.read_bytes()
    for damaged in (b"", whole[:100], whole[: len(whole) - 10], b"no boxes at all" * 50):
        segment.write_bytes(damaged)
        with pytest.raises(CutroomError) as caught:
            joined(made, 240)
        assert caught.value.code == "proxy.incomplete"
    segment.unlink()
    with pytest.raises(CutroomError) as caught:
        joined(made, 240)
    assert caught.value.code == "proxy.incomplete"
