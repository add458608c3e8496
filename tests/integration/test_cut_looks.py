"""What a clip keeps of its source besides frames and sound: shape, colours, depth, rotation, tags and timecode."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from cutroom.clips.work import CutAnswer, cut_between
from cutroom.core.errors import CutroomError
from cutroom.media.cut.cutting import cut_range
from cutroom.media.cut.pictures import Point
from cutroom.media.sample import make_footage

SIZE = {"seconds": 2, "rate": Fraction(25), "width": 160, "height": 90, "kind": "barcode", "gop": 10}
MODES = ("smart", "copy", "exact")


def look(path: Path) -> tuple[object, ...]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        context = stream.codec_context
        color = (context.color_range, context.color_primaries, context.color_trc, context.colorspace)
        return (frame.format.name, frame.width, frame.height, frame.rotation, stream.sample_aspect_ratio, color)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_is_kept(tmp_path: Path, mode: str, rotation: int) -> None:
    source = tmp_path / "source.mp4"
    make_footage(source, **SIZE, rotation=rotation, audio=None)
    answer = cut_range(source, tmp_path / "clip.mp4", Point(frame=7), Point(frame=33), mode=mode)
    assert answer.mode == mode
    assert look(tmp_path / "clip.mp4") == look(source)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv422p", "yuvj420p", "yuv444p"])
def test_depth_and_colour_resolution_are_kept(tmp_path: Path, mode: str, pixel_format: str) -> None:
    source = tmp_path / "source.mp4"
    make_footage(source, **SIZE, pixel_format=pixel_format, audio=None)
    answer = cut_range(source, tmp_path / "clip.mp4", Point(frame=7), Point(frame=33), mode=mode)
    assert answer.mode == mode
    assert look(tmp_path / "clip.mp4") == look(source)


@pytest.mark.parametrize("mode", MODES)
def test_shape_and_colours_are_kept(tmp_path: Path, mode: str) -> None:
    source = tmp_path / "source.mp4"
    tags = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc:sar=4/3"
    make_footage(source, **SIZE, audio=None, options={"x264-params": tags})
    answer = cut_range(source, tmp_path / "clip.mp4", Point(frame=7), Point(frame=33), mode=mode)
    assert answer.mode == mode
    assert look(tmp_path / "clip.mp4") == look(source)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        ends = {(f.color_trc, f.color_primaries, f.colorspace) for f in container.decode(video=0)}
    assert ends == {(18, 9, 9)}


@pytest.mark.parametrize("mode", ["smart", "exact"])
@pytest.mark.parametrize(
    ("rate", "start", "moved"), [(25, "10:00:00:20", "10:00:01:02"), (30, "00:59:59:28", "01:00:00:05")]
)
def test_the_timecode_moves_with_the_cut(tmp_path: Path, mode: str, rate: int, start: str, moved: str) -> None:
    source, output = tmp_path / "source.mov", tmp_path / "clip.mov"
    make_footage(source, **{**SIZE, "rate": Fraction(rate)}, timecode=start)
    answer = cut_between(
        report=lambda done: None, source=str(source), output=str(output), start="7f", end="33f", mode=mode
    )
    assert timecode_of(output) == moved
    again = cut(source, tmp_path / "again.mov", moved, "40f", timecode="source")
    assert again.in_frame == answer.in_frame == 7
    assert again.out_frame == 40


def cut(source: Path, output: Path, start: str, end: str, **more: str) -> CutAnswer:
    return cut_between(report=lambda done: None, source=str(source), output=str(output), start=start, end=end, **more)


def timecode_of(path: Path) -> str | None:
    with av.open(str(path)) as container:
        return next((s.metadata["timecode"] for s in container.streams if "timecode" in s.metadata), None)


def test_source_timecode_is_asked_of_a_source_that_has_none(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    make_footage(source, **SIZE, audio=None)
    with pytest.raises(CutroomError) as failure:
        cut(source, tmp_path / "clip.mp4", "00:00:01:00", "00:00:01:10", timecode="source")
    assert failure.value.code == "clip.no-timecode"


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_every_audio_track_comes_along_with_its_language(tmp_path: Path, suffix: str) -> None:
    source, output = tmp_path / "two.mkv", tmp_path / f"clip{suffix}"
    one = tmp_path / "one.mp4"
    make_footage(one, **SIZE)
    with av.open(str(one)) as given, av.open(str(source), "w") as made:
        picture = made.add_stream_from_template(given.streams.video[0], opaque=True)
        sounds = [made.add_stream_from_template(given.streams.audio[0], opaque=True) for _ in range(2)]
        for language, sound in zip(("deu", "fra"), sounds, strict=True):
            sound.metadata["language"] = language
        for packet in given.demux():
            if packet.dts is None:
                continue
            targets = [picture] if packet.stream.type == "video" else sounds
            for target in targets:
                copy = av.Packet(bytes(packet))
                copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
                copy.time_base, copy.is_keyframe, copy.stream = packet.time_base, packet.is_keyframe, target
                made.mux(copy)
    cut(source, output, "7f", "33f")
    with av.open(str(output)) as container:
        assert [s.metadata.get("language") for s in container.streams.audio] == ["deu", "fra"]
