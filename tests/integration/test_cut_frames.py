"""The barcode proof: every frame of a cut says its number, to a decoder that is not the one that cut it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from cutroom.media.cut.cutting import Delivery, cut_range
from cutroom.media.cut.pictures import Point
from cutroom.media.sample import Footage, make_footage, read_barcode
from tests.conftest import WHOLE

WIDTH, HEIGHT = 160, 90
RATES = {
    "23.976": Fraction(24000, 1001), "25": Fraction(25), "29.97": Fraction(30000, 1001), "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
}  # fmt: skip
KINDS = {
    "closed": {"gop": 20, "bframes": 3},
    "open": {"gop": 20, "bframes": 3, "open_gop": True},
    "plain": {"gop": 13, "bframes": 0},
    "variable": {"gop": 20, "bframes": 2, "variable": True},
}

Make = Callable[..., tuple[Path, Footage]]


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes each piece of footage once."""
    made: dict[str, tuple[Path, Footage]] = {}
    folder = tmp_path_factory.mktemp("footage")

    def make(name: str, suffix: str = ".mp4", **details: object) -> tuple[Path, Footage]:
        key = f"{name}{suffix}"
        if key not in made:
            path = folder / key
            settings = {"seconds": 3, "width": WIDTH, "height": HEIGHT, "kind": "barcode", "audio": "beep", **details}
            made[key] = (path, make_footage(path, **settings))
        return made[key]

    return make


def cut(source: Path, output: Path, first: int, last: int, mode: str, **more: object) -> Delivery:
    return cut_range(source, output, Point(frame=first), Point(frame=last), mode=mode, **more)


def frames_seen(path: Path) -> list[int]:
    """The numbers on all frames, decoded by the command line build, which must have nothing to complain about."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-noautorotate", "-i", str(path), "-map", "0:v"]
    command += [
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "demux",
        "-pix_fmt",
        "gray",
        "-s",
        f"{WIDTH}x{HEIGHT}",
        "-f",
        "rawvideo",
        "-",
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.stderr == b""
    pictures = np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH)
    return [read_barcode(picture) for picture in pictures]


def shown_at(path: Path) -> list[Fraction]:
    """When each frame is shown, in seconds after the first."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base = Fraction(stream.time_base.numerator, stream.time_base.denominator)
        times = sorted(p.pts * base for p in container.demux(stream) if p.size and not p.is_discard)
    return [time - times[0] for time in times]


def assert_frames(output: Path, footage: Footage, first: int, last: int, slack: Fraction = Fraction(0)) -> None:
    """Each frame of the range once, in order, and shown when the source shows it."""
    assert frames_seen(output) == list(range(first, last))
    base = Fraction(footage.time_base)
    meant = [(pts - footage.pts[first]) * base for pts in footage.pts[first:last]]
    assert all(abs(a - b) <= slack for a, b in zip(shown_at(output), meant, strict=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", RATES if WHOLE else ["25", "29.97", "59.94"])
@pytest.mark.parametrize("mode", ["smart", "exact"])
def test_a_cut_holds_exactly_the_marked_frames(footage: Make, tmp_path: Path, mode: str, rate: str, kind: str) -> None:
    source, made = footage(f"{kind}-{rate}", rate=RATES[rate], **KINDS[kind])
    first, last = (17, 66) if kind != "variable" else (17, 55)
    output = tmp_path / "clip.mp4"
    answer = cut(source, output, first, last, mode)
    assert_frames(output, made, first, last, slack=Fraction(1, 90000))
    assert (answer.first, answer.last, answer.frames) == (first, last, last - first)
    if kind in ("closed", "plain") and mode == "smart":
        assert answer.mode == "smart"
        assert answer.reencoded < answer.frames
    if kind == "open" and mode == "smart":
        assert answer.mode == "exact"
        assert answer.fallback_reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_says_which_frames_it_delivers(footage: Make, tmp_path: Path, kind: str) -> None:
    source, made = footage(f"{kind}-25", rate=RATES["25"], **KINDS[kind])
    output = tmp_path / "clip.mp4"
    answer = cut(source, output, 29, 51, "copy")
    assert answer.mode == "copy"
    assert answer.first <= 29
    assert 51 <= answer.last <= 55
    assert answer.reencoded == 0
    assert answer.first == (26 if kind == "plain" else 20)
    assert_frames(output, made, answer.first, answer.last, slack=Fraction(1, 90000))


@pytest.mark.parametrize("in_suffix", [".mp4", ".mov", ".mkv", ".ts"])
@pytest.mark.parametrize("out_suffix", [".mp4", ".mov", ".mkv", ".ts"])
def test_containers_mix(footage: Make, tmp_path: Path, in_suffix: str, out_suffix: str) -> None:
    source, made = footage("closed-29.97", in_suffix, rate=RATES["29.97"], **KINDS["closed"])
    slack = Fraction(1, 500) if ".mkv" in (in_suffix, out_suffix) else Fraction(1, 45000)
    for mode in ("smart", "copy", "exact"):
        output = tmp_path / f"{mode}{out_suffix}"
        answer = cut(source, output, 25, 71, mode)
        assert answer.mode == mode
        assert_frames(output, made, answer.first, answer.last, slack)


@pytest.mark.parametrize("first", [0, 1, 19, 20, 21, 39])
@pytest.mark.parametrize("last", [40, 41, 42, 43, 44, 59, 60, 75] if WHOLE else [40, 41, 44, 60])
def test_every_border_of_a_group_of_pictures(footage: Make, tmp_path: Path, first: int, last: int) -> None:
    source, made = footage("closed-25", rate=RATES["25"], **KINDS["closed"])
    output = tmp_path / "clip.mp4"
    answer = cut(source, output, first, last, "smart")
    assert_frames(output, made, first, last)
    assert answer.mode == ("smart" if first <= 20 or last > 40 else "exact")


def test_the_middle_is_copied_bit_by_bit(footage: Make, tmp_path: Path) -> None:
    source, _ = footage("closed-25", rate=RATES["25"], **KINDS["closed"])
    answer = cut(source, tmp_path / "clip.mp4", 17, 66, "smart")
    before, after = coded_packets(source), coded_packets(tmp_path / "clip.mp4")
    copied = [data for data in after if data in before]
    assert len(copied) == answer.frames - answer.reencoded
    assert answer.reencoded <= 3 + 6


def coded_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("mode", ["smart", "copy", "exact"])
def test_one_frame_is_a_clip(footage: Make, tmp_path: Path, mode: str) -> None:
    source, made = footage("plain-25", rate=RATES["25"], **KINDS["plain"])
    answer = cut(source, tmp_path / "clip.mp4", 26, 27, mode)
    assert_frames(tmp_path / "clip.mp4", made, answer.first, answer.last)
    assert answer.frames == 1


@pytest.mark.parametrize("mode", ["smart", "copy", "exact"])
def test_the_whole_file_is_a_clip(footage: Make, tmp_path: Path, mode: str) -> None:
    source, made = footage("open-25", rate=RATES["25"], **KINDS["open"])
    cut(source, tmp_path / "clip.mp4", 0, 75, mode)
    assert_frames(tmp_path / "clip.mp4", made, 0, 75)


@pytest.mark.parametrize("mode", ["smart", "copy", "exact"])
def test_a_cut_of_a_cut_counts_from_its_own_first_frame(footage: Make, tmp_path: Path, mode: str) -> None:
    """The first cut has an edit list and two sets of parameter sets; the second one must see through both."""
    source, made = footage("closed-25", rate=RATES["25"], **KINDS["closed"])
    cut(source, tmp_path / "once.mp4", 10, 70, "smart")
    answer = cut(tmp_path / "once.mp4", tmp_path / "twice.mp4", 5, 45, mode)
    assert_frames(tmp_path / "twice.mp4", made, 10 + answer.first, 10 + answer.last)


def test_padding_is_added_and_stops_at_the_files_ends(footage: Make, tmp_path: Path) -> None:
    source, made = footage("closed-25", rate=RATES["25"], **KINDS["closed"])
    answer = cut(source, tmp_path / "clip.mp4", 5, 60, "smart", padding=Fraction(1, 2))
    assert (answer.asked, answer.first, answer.last) == ((5, 60), 0, 73)
    assert_frames(tmp_path / "clip.mp4", made, 0, 73)


def test_seconds_of_a_variable_rate_go_to_the_frames_own_times(footage: Make, tmp_path: Path) -> None:
    source, made = footage("variable-25", rate=RATES["25"], **KINDS["variable"])
    times = [pts * Fraction(made.time_base) for pts in made.pts]
    start, end = times[13] + Fraction(1, 1000), times[42] - Fraction(1, 1000)
    answer = cut_range(source, tmp_path / "clip.mp4", Point(seconds=start), Point(seconds=end), mode="smart")
    assert answer.asked == (13, 42)
    assert_frames(tmp_path / "clip.mp4", made, 13, 42, slack=Fraction(1, 90000))
