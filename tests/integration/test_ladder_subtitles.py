"""Subtitles of a ladder: every kind of text as WebVTT on the grid, shown when it was."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from cutroom.media.sample import make_footage
from tests.integration.ladder_reading import Made, make_ladder
from tests.integration.test_ladder_parts import HEIGHTS, stitched

SRT = """1
00:00:00,500 --> 00:00:01,500
<i>One</i> & <b>two</b>

2
00:00:03,000 --> 00:00:05,000
Over an edge
and a line

3
00:00:07,000 --> 00:00:08,500
{\\an8}Above & beyond
"""


def mux(folder: Path, suffix: str, codec: str, *more: str) -> Path:
    plain, target = folder / f"plain.{suffix}", folder / f"in.{suffix}"
    make_footage(plain, seconds=9, rate=25, width=160, height=120, kind="barcode", audio="beep")
    (folder / "in.srt").write_text(SRT)
    names = "-map 0 -map 1 -map 1 -metadata:s:s:0 language=eng -metadata:s:s:1 language=deu -metadata:s:s:1 title=Ende"
    ffmpeg(
        *f"-i {plain} -i {folder / 'in.srt'}".split(), *more, *names.split(), "-c", "copy", "-c:s", codec, str(target)
    )
    return target


def ffmpeg(*arguments: str) -> str:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-nostdin", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stderr


def cues(made: Made, index: int = 0) -> list[list[str]]:
    """The cue blocks of each segment."""
    text = (made.folder / f"subtitles-{index}.m3u8").read_text()
    assert text.endswith("#EXT-X-ENDLIST\n")
    found = []
    for uri in (line for line in text.splitlines() if not line.startswith("#")):
        header, *blocks = (made.folder / uri).read_text().strip().split("\n\n")
        assert header == "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"
        found.append(blocks)
    return found


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "srt"), ("mkv", "ass"), ("mkv", "webvtt"), ("mp4", "mov_text")])
def test_text_becomes_webvtt_on_the_grid(tmp_path: Path, suffix: str, codec: str) -> None:
    made = make_ladder(mux(tmp_path, suffix, codec), tmp_path / "out")
    assert [(text.language, text.cues) for text in made.result.subtitles] == [("eng", 3), ("deu", 3)]
    assert [number for number, _ in made.frames(120)] == list(range(225))
    one, edge, above = (
        "00:00:00.500 --> 00:00:01.500\n<i>One</i> &amp; <b>two</b>",
        "00:00:03.000 --> 00:00:05.000\nOver an edge\nand a line",
        "00:00:07.000 --> 00:00:08.500 line:0\nAbove &amp; beyond",
    )
    if codec in ("webvtt", "mov_text"):  # these have no such place
        above = above.replace(" line:0", "")
    assert cues(made) == cues(made, 1) == [[one], [edge], [edge, above], [above]]
    assert made.seconds("subtitles-0.m3u8") == pytest.approx([2, 2, 4, 1])
    master = (made.folder / "master.m3u8").read_text()
    assert re.search(r'TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="eng",LANGUAGE="eng",DEFAULT=NO', master)
    assert master.count('SUBTITLES="subtitles"') == 1
    whole = (made.folder / "subtitles-0.vtt").read_text()
    assert whole == "WEBVTT\n\n" + "\n\n".join((one, edge, above)) + "\n\n"


def test_a_late_start_moves_subtitles_too(tmp_path: Path) -> None:
    source = mux(tmp_path, "mkv", "srt", "-output_ts_offset", "5")
    made = make_ladder(source, tmp_path / "out")
    assert cues(made)[0][0].startswith("00:00:00.500 --> 00:00:01.500")


def test_pictures_of_text_are_stated(tmp_path: Path) -> None:
    plain, pictures, source = tmp_path / "plain.mkv", tmp_path / "in.sup", tmp_path / "in.mkv"
    make_footage(plain, seconds=1, rate=25, width=160, height=120, kind="barcode", audio=None)
    composition = struct.pack(">HHBHBBBB", 160, 120, 0x10, 0, 0x80, 0, 0, 0)
    segments = ((0x16, composition), (0x80, b""))
    pictures.write_bytes(
        b"".join(struct.pack(">2sIIBH", b"PG", 9000, 0, kind, len(data)) + data for kind, data in segments)
    )
    ffmpeg("-i", str(plain), "-i", str(pictures), "-map", "0", "-map", "1", "-c", "copy", str(source))
    made = make_ladder(source, tmp_path / "out")
    assert made.result.notes == ["Left out, for not being text: 1 subtitle track."]
    assert "SUBTITLES" not in (made.folder / "master.m3u8").read_text()


def test_a_second_reader_takes_it_without_a_word(tmp_path: Path) -> None:
    made = make_ladder(mux(tmp_path, "mkv", "srt"), tmp_path / "out")
    assert ffmpeg("-i", str(made.folder / "master.m3u8"), "-map", "0:v", "-map", "0:a", "-f", "null", "-") == ""
    said = ffmpeg("-i", str(made.folder / "subtitles-0.m3u8"), str(tmp_path / "back.srt"))
    assert re.fullmatch(r".*Dropping 2 duplicated subtitle events\n", said)  # in each segment that they reach into
    text = (tmp_path / "back.srt").read_text()
    assert re.findall(r"(\d\d,\d+) --> \d\d:\d\d:(\d\d,\d+)\n(.*)", text) == [
        ("00,500", "01,500", "<i>One</i> & <b>two</b>"),
        ("03,000", "05,000", "Over an edge"),
        ("07,000", "08,500", "Above & beyond"),
    ]


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "srt"), ("mp4", "mov_text")])
def test_a_ladder_in_parts_has_the_same(tmp_path: Path, suffix: str, codec: str) -> None:
    source, out = mux(tmp_path, suffix, codec), tmp_path / "parts"
    made = make_ladder(source, tmp_path / "pass", heights=HEIGHTS)
    result = stitched(source, out)
    assert result.subtitles == made.result.subtitles
    for name in ("subtitles-0.m3u8", "subtitles-1.m3u8", "subtitles-0.vtt", "subtitles-1.vtt"):
        assert (out / name).read_text() == (made.folder / name).read_text(), name
    named = [line for line in (out / "master.m3u8").read_text().splitlines() if "TYPE=SUBTITLES" in line]
    assert named == [
        line for line in (made.folder / "master.m3u8").read_text().splitlines() if "TYPE=SUBTITLES" in line
    ]
    for file in (made.folder / "subtitles").rglob("*.vtt"):
        assert (out / file.relative_to(made.folder)).read_bytes() == file.read_bytes()
