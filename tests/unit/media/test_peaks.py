"""Peaks: the amplitude of a known tone, in audiowaveform's layout, placed on the picture's timeline."""

import json
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from cutroom.media.peaks import PeaksSink
from cutroom.media.previews import make_peaks
from cutroom.media.sample import make_footage


def read_dat(path: Path) -> tuple[tuple[int, ...], NDArray[np.int8]]:
    data = path.read_bytes()
    return struct.unpack_from("<iIiiIi", data), np.frombuffer(data, np.int8, offset=24).reshape(-1, 2)


def tone(count: int, start: int, kind: str, layout: str = "stereo") -> av.AudioFrame:
    wave = 0.5 * np.sin(2 * np.pi * 1000 * (start + np.arange(count)) / 48000)
    channels = [wave, np.zeros(count)] if layout == "stereo" else [wave]
    base = kind.removesuffix("p")
    scale, dtype = {"s16": (32768, np.int16), "s32": (2**31, np.int32), "flt": (1, np.float32), "dbl": (1, np.float64)}[
        base
    ]
    data = (np.stack(channels) * scale).astype(dtype)
    if not kind.endswith("p"):
        data = data.T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), format=kind, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
    return frame


@pytest.mark.parametrize("kind", ["fltp", "flt", "s16", "s16p", "s32", "dblp"])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_a_tone_has_its_amplitude_in_every_sample_format(tmp_path: Path, kind: str, layout: str) -> None:
    sink = PeaksSink(tmp_path, 48000)
    for start in range(0, 48000, 1000):
        sink.add(tone(1000, start, kind, layout))
    detail = sink.finish()
    assert detail is not None
    header, pairs = read_dat(tmp_path / "peaks.dat")
    assert header == (2, 1, 48000, 256, 188, 1)
    assert detail.length == len(pairs) == 188
    assert set(pairs[:187, 0]) <= {-64, -65}
    assert set(pairs[:187, 1]) <= {63, 64}


def test_the_files_agree(tmp_path: Path) -> None:
    make_footage(tmp_path / "beep.mp4", seconds=5, rate=5, width=64, height=48, kind="barcode", audio="beep")
    detail = make_peaks(tmp_path / "beep.mp4", tmp_path)
    assert detail is not None
    _, fine = read_dat(tmp_path / "peaks.dat")
    header, coarse = read_dat(tmp_path / "peaks-2048.dat")
    assert header[3:5] == (2048, -(-len(fine) // 8))
    assert coarse[3, 1] == fine[24:32, 1].max()
    document = json.loads((tmp_path / "peaks.json").read_text())
    assert document["data"] == fine.reshape(-1).tolist()
    assert {key: document[key] for key in ("version", "channels", "bits", "sample_rate", "length")} == {
        "version": 2,
        "channels": 1,
        "bits": 8,
        "sample_rate": 48000,
        "length": len(fine),
    }
    loud = fine[:, 1] > 30
    begins = [index * 256 / 48000 for index in range(len(loud)) if loud[index] and not (index and loud[index - 1])]
    assert np.abs(np.array(begins) - np.arange(5)).max() < 0.01
    assert not list(tmp_path.glob(".*"))


def test_sound_before_the_picture_is_cut_and_holes_are_silent(tmp_path: Path) -> None:
    sink = PeaksSink(tmp_path, 48000, Fraction(1, 4))
    for start in (0, 12000, 36000):  # a quarter second each; the third is missing
        sink.add(tone(12000, start, "fltp"))
    sink.finish()
    _, pairs = read_dat(tmp_path / "peaks.dat")
    loud = pairs[:, 1] > 30
    assert len(pairs) == -(-36000 // 256)
    assert loud[:46].all()
    assert not loud[48:93].any()
    assert loud[95:].all()


def test_long_sound_gets_a_document_of_bounded_size(tmp_path: Path) -> None:
    sink = PeaksSink(tmp_path, 48000)
    block = tone(48000, 0, "fltp")
    for second in range(400):
        block.pts = second * 48000
        sink.add(block)
    detail = sink.finish()
    assert detail is not None
    assert detail.json_samples_per_pixel == 1024
    assert json.loads((tmp_path / "peaks.json").read_text())["length"] <= 36_000


def test_no_sound_leaves_no_file(tmp_path: Path) -> None:
    make_footage(tmp_path / "mute.mp4", seconds=1, width=64, height=48, kind="barcode", audio=None)
    assert make_peaks(tmp_path / "mute.mp4", tmp_path) is None
    assert PeaksSink(tmp_path, 48000).finish() is None
    assert [path.name for path in tmp_path.iterdir()] == ["mute.mp4"]
