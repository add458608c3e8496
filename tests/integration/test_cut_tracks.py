"""What comes along with the frames: subtitles, chapters, covers, sound of every kind; and what is left out."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from cutroom.media.cut.cutting import Delivery, cut_range
from cutroom.media.cut.pictures import Point
from cutroom.media.sample import make_footage

from .test_cut_sound import beep_starts, flash_starts

SUBTITLES = "1\n00:00:00,200 --> 00:00:01,000\nHello <i>one</i>\n\n2\n00:00:01,200 --> 00:00:02,500\nTwo\nlines\n\n"
CHAPTERS = (
    ";FFMETADATA1\ntitle=My film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=First\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=3000\ntitle=Second\n"
)


def ffmpeg(*arguments: object) -> None:
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)], check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`plain.mp4` with beeps, and `all.mp4` and `all.mkv` with subtitles, chapters and a cover."""
    made = tmp_path_factory.mktemp("tracks")
    size = {"seconds": 3, "rate": Fraction(25), "width": 160, "height": 90, "gop": 20, "bframes": 2}
    make_footage(made / "plain.mp4", kind="barcode", audio="beep", **size)
    (made / "s.srt").write_text(SUBTITLES)
    (made / "c.txt").write_text(CHAPTERS)
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, made / "cover.jpg")
    given = ["-i", made / "plain.mp4", "-i", made / "s.srt", "-i", made / "c.txt"]
    kept = ["-map_metadata", 2, "-map_chapters", 2, "-c", "copy", "-metadata:s:s:0", "language=deu"]
    kept += ["-metadata:s:s:0", "title=Unter", "-metadata", "creation_time=2020-01-02T03:04:05Z"]
    ffmpeg(*given, "-i", made / "cover.jpg", "-map", 0, "-map", 1, "-map", 3, *kept, "-c:s", "mov_text",
           "-disposition:v:1", "attached_pic", made / "all.mp4")  # fmt: skip
    ffmpeg(*given, "-map", 0, "-map", 1, "-map", 1, *kept, "-c:s:0", "srt", "-c:s:1", "ass", "-attach",
           made / "cover.jpg", "-metadata:s:t", "mimetype=image/jpeg", made / "all.mkv")  # fmt: skip
    return made


def cut(source: Path, output: Path, mode: str = "smart", first: int = 17, last: int = 66) -> Delivery:
    return cut_range(source, output, Point(frame=first), Point(frame=last), mode=mode)


def cues(path: Path) -> list[tuple[float, float, bytes]]:
    with av.open(str(path)) as container:
        track = container.streams.subtitles[0]
        found = [p for p in container.demux(track) if p.size and bytes(p) != b"\0\0"]
        return [
            (round(float(p.pts * p.time_base), 3), round(float(p.duration * p.time_base), 3), bytes(p)) for p in found
        ]


@pytest.mark.parametrize("source", ["all.mp4", "all.mkv"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("mode", ["smart", "exact"])
def test_tracks_and_tags_come_along(folder: Path, tmp_path: Path, source: str, suffix: str, mode: str) -> None:
    output = tmp_path / f"clip{suffix}"
    answer = cut(folder / source, output, mode)
    shown = cues(output)
    assert [cue[:2] for cue in shown] == [(0.0, 0.32), (0.52, 1.3)]
    assert b"Hello" in shown[0][2]
    assert b"Two\nlines" in shown[1][2]
    with av.open(str(output)) as container:
        chapters = [(c["start"] * c["time_base"], c["end"] * c["time_base"], c["metadata"]["title"])
                    for c in container.chapters()]  # fmt: skip
        subtitle = container.streams.subtitles[0].metadata
        covers = [s for s in container.streams.video if s.disposition & av.stream.Disposition.attached_pic]
        assert container.metadata["title"] == "My film"
        assert container.metadata.get("creation_time", "2020-01-02T03:04:05").startswith("2020-01-02T03:04:05")
    assert chapters == [(0, Fraction(8, 25), "First"), (Fraction(8, 25), Fraction(49, 25), "Second")]
    assert subtitle["language"] == ("ger" if suffix == ".mov" else "deu")
    assert len(covers) == (0 if suffix == ".mov" else 1)
    assert list(answer.dropped) == ([d for d in answer.dropped if "cover" in d] if suffix == ".mov" else [])


def test_a_transport_stream_says_what_it_cannot_hold(folder: Path, tmp_path: Path) -> None:
    answer = cut(folder / "all.mp4", tmp_path / "clip.ts")
    assert [text.split()[0].rstrip(":") for text in answer.dropped] == ["subtitle", "chapters", "cover"]


def test_data_tracks_are_named_as_left_out(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "data.mp4"
    with av.open(str(folder / "plain.mp4")) as given, av.open(str(source), "w") as made:
        picture = made.add_stream_from_template(given.streams.video[0], opaque=True)
        data = made.add_data_stream("bin_data")
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                made.mux(packet)
        extra = av.Packet(b"GPS")
        extra.pts = extra.dts = 0
        extra.time_base, extra.stream = Fraction(1, 1000), data
        made.mux(extra)
    answer = cut(source, tmp_path / "clip.mp4")
    assert len(answer.dropped) == 1
    assert answer.dropped[0].startswith("data track 1")


@pytest.mark.parametrize(
    ("codec", "suffix", "encoded"),
    [("pcm_s16le", ".ts", "aac"), ("flac", ".mov", "aac"), ("flac", ".webm", "opus"), ("ac3", ".mov", None)],
)
def test_sound_that_a_container_cannot_hold_is_encoded_to_the_sample(
    folder: Path, tmp_path: Path, codec: str, suffix: str, encoded: str | None
) -> None:
    source, output = tmp_path / "source.mkv", tmp_path / f"clip{suffix}"
    ffmpeg("-i", folder / "plain.mp4", "-c:v", "copy", "-c:a", codec, source)
    answer = cut(source, output, "exact", 12, 62)
    with av.open(str(output)) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == (encoded or codec)
    assert bool(answer.dropped) == bool(encoded)
    flashes, beeps = flash_starts(output), [beep for beep in beep_starts(output) if beep > 0.3]
    assert len(flashes) == len(beeps) == 2
    assert np.abs(np.subtract(flashes, beeps)).max() < 1 / 25


HDR = (
    "log-level=error:keyint=20:colorprim=9:transfer=16:colormatrix=9:max-cll=1000,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
)


@pytest.mark.parametrize("mode", ["smart", "copy", "exact"])
def test_what_a_picture_was_mastered_for_is_kept(folder: Path, tmp_path: Path, mode: str) -> None:
    source, output = tmp_path / "hdr.mkv", tmp_path / "clip.mp4"
    ffmpeg("-i", folder / "plain.mp4", "-an", "-vf", "format=yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast",
           "-x265-params", HDR, source)  # fmt: skip
    answer = cut(source, output, mode)
    assert answer.mode == mode
    assert light(output) == light(source)
    assert len(light(output)) == 2


def light(path: Path) -> dict[str, bytes]:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_trc, frame.format.name) == (16, "yuv420p10le")
        return {s.type.name: bytes(s) for s in frame.side_data if s.type.name in ("MASTERING_DISPLAY_METADATA",
                "CONTENT_LIGHT_LEVEL")}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options", "lost"),
    [
        ("p.mov", ["-vf", "format=yuva444p10le", "-c:v", "prores_ks", "-profile:v", "4444"], ["alpha", "bits"]),
        ("v.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"], []),
        ("m.mpg", ["-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-bf", "2"], []),
        ("j.avi", ["-c:v", "mjpeg", "-q:v", "3"], []),
    ],
)
def test_whatever_decodes_is_cut_exactly(
    folder: Path, tmp_path: Path, name: str, options: list[str], lost: list[str]
) -> None:
    from .test_cut_hevc import decoded_here

    ffmpeg("-i", folder / "plain.mp4", "-an", *options, tmp_path / name)
    answer = cut(tmp_path / name, tmp_path / "clip.mp4", "smart")
    assert answer.mode == "exact"
    assert answer.fallback_reason
    assert decoded_here(tmp_path / "clip.mp4") == list(range(17, 66))
    assert all(any(word in text for text in answer.dropped) for word in lost)
    if name == "m.mpg":
        answer = cut(tmp_path / name, tmp_path / "copy.ts", "copy")
        assert decoded_here(tmp_path / "copy.ts") == list(range(answer.first, answer.last))
