"""Thumbnails: the right frame, upright, in the right colours, never enlarged, or one error."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageFilter

from cutroom.core.errors import CutroomError
from cutroom.media.images import make_thumbnails, score
from cutroom.media.ladder.orientation import Orientation
from cutroom.media.picture import frame_picture
from cutroom.media.sample import make_footage, read_barcode


def write_colours(path: Path, colours: list[tuple[int, int, int]], **context: int) -> None:
    """Half a second of each colour at 10 frames a second, every frame a keyframe, BT.709."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10, options={"crf": "10"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 480, 270, "yuv420p"
        stream.codec_context.gop_size = 1
        stream.codec_context.colorspace = stream.codec_context.color_range = 1
        for number in range(5 * len(colours)):
            picture = np.zeros((270, 480, 3), np.uint8) + np.array(colours[number // 5], np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def test_widths_formats_and_colours(tmp_path: Path) -> None:
    write_colours(tmp_path / "orange.mp4", [(220, 120, 30)] * 4)
    made = make_thumbnails(tmp_path / "orange.mp4", tmp_path)
    assert made.widths == [320, 480]
    for width in made.widths:
        for name in made.formats:
            image = Image.open(tmp_path / f"thumb-{width}.{name}").convert("RGB")
            assert image.size == (width, width * 9 // 16)
            assert np.abs(np.asarray(image).mean(axis=(0, 1)) - (220, 120, 30)).max() < 6
    assert not list(tmp_path.glob(".*"))


def test_black_and_white_frames_are_passed_over(tmp_path: Path) -> None:
    write_colours(tmp_path / "fades.mp4", [(0, 0, 0)] * 3 + [(90, 140, 60)] + [(255, 255, 255)] * 4)
    made = make_thumbnails(tmp_path / "fades.mp4", tmp_path)
    assert made.at is not None
    colour = np.asarray(Image.open(tmp_path / "thumb-320.webp")).mean(axis=(0, 1))
    assert 30 < colour.mean() < 230


def test_an_all_black_video_still_has_a_thumbnail(tmp_path: Path) -> None:
    write_colours(tmp_path / "black.mp4", [(0, 0, 0)] * 2)
    assert make_thumbnails(tmp_path / "black.mp4", tmp_path).widths == [320, 480]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_thumbnails_stand_upright(tmp_path: Path, rotation: int) -> None:
    path = tmp_path / "turned.mp4"
    make_footage(path, seconds=2, width=480, height=320, kind="barcode", rotation=rotation, gop=10, audio=None)
    made = make_thumbnails(path, tmp_path)
    assert made.at is not None
    image = Image.open(tmp_path / "thumb-320.jpg")
    assert image.size == ((320, 480) if rotation % 180 else (320, 213))
    assert read_barcode(np.asarray(image)) == Fraction(made.at) * 30


def test_wide_pixels_are_made_square() -> None:
    frame = av.VideoFrame(720, 576, "yuv420p")
    assert frame_picture(frame, aspect=Fraction(64, 45), turned=Orientation(), width=512).size == (512, 288)


def test_hdr_white_and_grey_stay_plausible() -> None:
    for transfer, signal in ((16, 0.58), (18, 0.75)):  # reference white: 203 nits in PQ, 75 % in HLG
        frame = av.VideoFrame(64, 64, "yuv420p10le")
        for plane, level in zip(frame.planes, (64 + signal * 876, 512, 512), strict=True):
            np.frombuffer(memoryview(plane), np.uint16)[:] = round(level)
        frame.colorspace, frame.color_trc, frame.color_range = 9, transfer, 1
        pixels = np.asarray(frame_picture(frame, aspect=Fraction(1), turned=Orientation(), width=64)).astype(int)
        assert 150 < pixels.mean() < 235
        assert np.ptp(pixels.mean(axis=(0, 1))) < 6


def test_the_score_prefers_what_can_be_seen() -> None:
    chance = np.random.default_rng(1)
    detailed = Image.fromarray(chance.integers(30, 220, (90, 160, 3), dtype=np.uint8))
    blurred = detailed.resize((8, 4)).resize((160, 90))
    flat, black, white = (Image.new("RGB", (160, 90), (level,) * 3) for level in (128, 0, 255))
    assert score(detailed) > score(blurred) > score(flat) >= score(black) == score(white) == 0


def test_damage_and_sound_alone(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    make_footage(path, seconds=1, width=160, height=96, kind="barcode", audio=None)
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat") + 4
    data[at : data.index(b"moov") - 4] = b"\xff" * (data.index(b"moov") - 4 - at)
    path.write_bytes(data)
    with pytest.raises(CutroomError) as caught:
        make_thumbnails(path, tmp_path)
    assert caught.value.code == "media.damaged"
    assert [entry.name for entry in tmp_path.iterdir()] == ["broken.mp4"]


def write_pictures(path: Path, pictures: list[Image.Image], *, mirrored: bool = False) -> None:
    """Each picture for half a second at 10 frames a second, every frame a keyframe."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10, options={"crf": "10"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 480, 270, "yuv420p"
        stream.codec_context.gop_size = 1
        if mirrored:
            stream.set_display_rotation(0, hflip=True)
        for number in range(5 * len(pictures)):
            frame = av.VideoFrame.from_image(pictures[number // 5]).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def blocks(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 255, (27, 48, 3), np.uint8)
    return Image.fromarray(noise).resize((480, 270), Image.Resampling.NEAREST)


def test_a_sharp_frame_is_taken_before_blurred_ones(tmp_path: Path) -> None:
    sharp = blocks(1)
    blurred = sharp.filter(ImageFilter.GaussianBlur(9))
    write_pictures(tmp_path / "focus.mp4", [blurred] * 5 + [sharp] + [blurred] * 2)
    made = make_thumbnails(tmp_path / "focus.mp4", tmp_path)
    assert made.at is not None
    assert Fraction(5, 2) <= Fraction(made.at) < 3


def test_the_same_file_gives_the_same_frame_and_bytes(tmp_path: Path) -> None:
    write_pictures(tmp_path / "many.mp4", [blocks(seed) for seed in range(8)])
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        result = make_thumbnails(tmp_path / "many.mp4", tmp_path / name)
        made.append((result, {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}))
    assert made[0] == made[1]
    assert len(made[0][1]) == len(result.widths) * 3


def test_mirrored_footage_is_shown_as_it_is_meant(tmp_path: Path) -> None:
    half = Image.new("RGB", (480, 270), (200, 60, 60))
    half.paste((60, 60, 200), (0, 0, 240, 270))  # blue on the left as stored
    write_pictures(tmp_path / "selfie.mp4", [half] * 3, mirrored=True)
    make_thumbnails(tmp_path / "selfie.mp4", tmp_path)
    shown = np.asarray(Image.open(tmp_path / "thumb-320.jpg").convert("RGB")).astype(int)
    assert shown[90, 40, 0] > shown[90, 40, 2]
    assert shown[90, 280, 2] > shown[90, 280, 0]
