"""Pictures that are not plain: interlaced, deep, HDR, full range, oblong pixels, turned, changing under way."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from cutroom.media.sample.barcode import paint_barcode
from tests.integration.ladder_reading import make_ladder

W, H = 320, 240


def film(
    path: Path,
    *,
    paint: Callable[[int], av.VideoFrame],
    frames: int = 50,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pixel_format: str = "yuv420p",
    size: tuple[int, int] = (W, H),
    **attributes: Any,
) -> None:
    with av.open(str(path), "w") as output:
        video = output.add_stream(codec, rate=25, options=options or {})
        (video.width, video.height), video.pix_fmt = size, pixel_format
        for name, value in attributes.items():
            setattr(video.codec_context, name, value)
        for index in range(frames):
            frame = paint(index).reformat(format=pixel_format)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))


def coded(index: int, size: tuple[int, int] = (W, H)) -> av.VideoFrame:
    width, height = size
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = 60
    paint_barcode(planes[:height], index)
    return av.VideoFrame.from_ndarray(planes, "yuv420p")


def numbers(made: Any) -> list[int]:
    return [number for number, _ in made.frames(240)]


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_interlaced_frames_stay_as_many(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"in.{suffix}"
    film(source, paint=coded, options={"x264-params": "tff=1", "flags": "+ildct+ilme"})
    made = make_ladder(source, tmp_path / "out")
    assert numbers(made) == list(range(50))
    assert made.result.notes == ["Interlaced pictures were deinterlaced."]


@pytest.mark.parametrize(("codec", "options"), [("mpeg4", {}), ("mpeg4", {"bf": "2"}), ("libx264", {"bf": "2"})])
def test_a_container_without_presentation_times(tmp_path: Path, codec: str, options: dict[str, str]) -> None:
    source = tmp_path / "in.avi"
    film(source, paint=coded, codec=codec, options=options)
    made = make_ladder(source, tmp_path / "out")
    assert numbers(made) == list(range(50))
    assert made.times("240.m3u8")[-1][0] * 25 == 49 * made.timescale("240.m3u8")


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv422p", "yuv444p"])
def test_deep_and_fine_pictures_become_plain(tmp_path: Path, pixel_format: str) -> None:
    source = tmp_path / "in.mkv"
    film(source, paint=coded, pixel_format=pixel_format)
    made = make_ladder(source, tmp_path / "out")
    assert numbers(made) == list(range(50))
    assert made.result.rungs[0].codecs.startswith("avc1.64")


def level(made: Any, height: int = 240) -> float:
    import io

    with av.open(io.BytesIO(made.data(f"{height}.m3u8"))) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name == "yuv420p"
        return float(frame.to_ndarray()[H * 3 // 4, W // 2])


def flat(luma: int) -> Callable[[int], av.VideoFrame]:
    def paint(index: int) -> av.VideoFrame:
        planes = np.full((H * 3 // 2, W), 128, np.uint8)
        planes[:H] = luma
        return av.VideoFrame.from_ndarray(planes, "yuv420p")

    return paint


def test_full_range_becomes_limited(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    film(source, paint=flat(255), frames=3, color_range=2)
    assert level(make_ladder(source, tmp_path / "out")) == pytest.approx(235, abs=2)
    film(source, paint=flat(235), frames=3)
    assert level(make_ladder(source, tmp_path / "plain")) == pytest.approx(235, abs=2)


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_mapped_to_an_ordinary_range(tmp_path: Path, transfer: int) -> None:
    source = tmp_path / "in.mp4"
    # reference white: 58 % of the PQ signal, 75 % of the HLG signal
    luma = round(16 + 219 * (0.58 if transfer == 16 else 0.75))
    film(
        source,
        paint=flat(luma),
        frames=5,
        pixel_format="yuv420p10le",
        color_trc=transfer,
        color_primaries=9,
        colorspace=9,
        color_range=1,
    )
    made = make_ladder(source, tmp_path / "out")
    assert made.result.notes == ["HDR was mapped to the range of an ordinary screen."]
    assert 170 < level(made) < 225
    with av.open(str(made.folder / "240" / "init.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)


def test_oblong_pixels_become_square(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    film(source, paint=coded, frames=5, sample_aspect_ratio=Fraction(4, 3))
    (rung,) = make_ladder(source, tmp_path / "out").result.rungs
    assert (rung.width, rung.height) == (426, 240)


def test_a_source_that_changes_its_size_under_way(tmp_path: Path) -> None:
    parts = []
    for index, size in enumerate(((320, 240), (480, 360))):
        part = tmp_path / f"{index}.ts"

        def paint(frame: int, first: int = index * 25, size: tuple[int, int] = size) -> av.VideoFrame:
            return coded(first + frame, size)

        film(part, paint=paint, frames=25, size=size)
        parts.append(part.read_bytes())
    source = tmp_path / "in.ts"
    source.write_bytes(b"".join(parts))
    made = make_ladder(source, tmp_path / "out")
    assert numbers(made) == list(range(50))
    assert [(rung.width, rung.height) for rung in made.result.rungs] == [(320, 240)]


def test_a_still_longer_than_a_cell_leaves_numbers_out(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as output:
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = W, H, "yuv420p"
        for index, pts in enumerate([0, 1000, 3000, 15_000, 15_040]):
            frame = coded(index)
            frame.pts, frame.time_base = pts, Fraction(1, 1000)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    made = make_ladder(source, tmp_path / "out")
    assert numbers(made) == list(range(5))
    assert [uri[-9:-4] for uri in made.uris("240.m3u8")[1:]] == ["00000", "00001", "00004"]
    assert made.seconds("240.m3u8")[1] == 12
    assert "#EXT-X-TARGETDURATION:12" in (made.folder / "240.m3u8").read_text()


def test_sprite_and_peaks_come_out_of_the_same_pass(tmp_path: Path) -> None:
    from cutroom.media.sample import make_footage
    from cutroom.proxies.work import build_ladder

    source = tmp_path / "in.ts"
    make_footage(
        source, seconds=6, rate=25, width=W, height=H, kind="barcode", audio="beep", start=Fraction(2), bframes=2
    )
    previews = tmp_path / "previews"
    result = build_ladder(
        report=lambda event: None,
        source=str(source),
        segments_dir=str(tmp_path / "out"),
        playlist_dir=str(tmp_path / "out"),
        previews_dir=str(previews),
    )
    assert result.sprite is not None
    assert result.peaks is not None
    assert result.sprite.times == pytest.approx([index / 2 for index in range(12)], abs=0.021)
    assert result.peaks.length * result.peaks.samples_per_pixel / result.peaks.sample_rate == pytest.approx(6, abs=0.1)
    assert {path.name for path in previews.iterdir()} >= {"sprite-0.webp", "thumbnails.vtt", "peaks.dat", "peaks.json"}
    assert not [path for path in previews.iterdir() if path.name.endswith(".part")]
