"""A ladder of everything that people have: all frames, in time, of the right size, with sound where it was."""

from __future__ import annotations

import io
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from cutroom.media import boxes
from cutroom.media.sample.barcode import read_barcode
from tests.conftest import WHOLE
from tests.integration.ladder_reading import Made, make_ladder
from tests.integration.odd_shapes import FRAMES, SHAPES, Shape, make_shape, write_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder)
    return folder


def test_there_are_enough_of_them() -> None:
    assert len(SHAPES) >= 83


@pytest.mark.parametrize("name", SHAPES if WHOLE else list(SHAPES)[::2])
def test_a_shape_becomes_a_ladder(name: str, inputs: Path, tmp_path: Path) -> None:
    shape = SHAPES[name]
    source = make_shape(shape, inputs, tmp_path)
    heights = (720, 480, 240) if shape.size[1] > 480 else "auto"
    made = make_ladder(source, tmp_path / "out", heights=heights, threads=1)
    assert made.result.frames == shape.frames
    assert made.result.damaged_packets == 0
    check_notes(made, shape)
    if shape.frames:
        check_pictures(made, shape)
    check_sounds(made, shape)
    check_playlists(made)


def check_notes(made: Made, shape: Shape) -> None:
    assert bool(shape.note) == bool(made.result.notes), made.result.notes
    assert not shape.note or shape.note in made.result.notes[0]


def check_pictures(made: Made, shape: Shape) -> None:
    top = made.result.rungs[0]
    assert (top.width, top.height) == shape.size
    for rung in made.result.rungs:
        with av.open(io.BytesIO(made.data(f"{rung.height}.m3u8"))) as container:
            frames = list(container.decode(video=0))
        assert {(frame.width, frame.height) for frame in frames} == {(rung.width, rung.height)}
        times = [frame.pts * frame.time_base for frame in frames]
        assert times[0] == 0
        assert all(after > before for before, after in pairwise(times))
        assert len(times) == shape.frames
        if shape.rate is not None:
            assert [float(time) for time in times] == pytest.approx(
                [float(index / shape.rate) for index in range(shape.frames)], abs=0.0011
            )
        if shape.numbered:
            assert [number_in(frame, shape) for frame in frames] == list(range(FRAMES - shape.frames, FRAMES)) or (
                [number_in(frame, shape) for frame in frames] == list(range(shape.frames))
            )


def number_in(frame: av.VideoFrame, shape: Shape) -> int:
    """The bar code as it was stored: the turn that a player would see is undone."""
    luma = frame.to_ndarray(format="gray")
    turn, mirrored = shape.turn
    return read_barcode(np.ascontiguousarray(np.rot90(np.fliplr(luma) if mirrored else luma, -turn)))


def check_sounds(made: Made, shape: Shape) -> None:
    assert len(made.result.audio) == shape.sounds
    if not shape.sounds:
        return
    assert made.result.audio[0].copied is shape.copied
    if shape.languages is not None:
        assert tuple(track.language for track in made.result.audio) == shape.languages
    if shape.beep is None:
        return
    for track in made.result.audio:
        samples, rate = made.samples(track.index)
        onset = np.flatnonzero(np.abs(samples) > 0.2)[0] / rate
        assert onset == pytest.approx(shape.beep, abs=0.02)


def check_playlists(made: Made) -> None:
    """All that a strict reader asks of the master, its lists and what they name."""
    text = (made.folder / "master.m3u8").read_text()
    variants = re.findall(r"#EXT-X-STREAM-INF:(.+)\n(.+)", text)
    assert len(variants) == max(1, len(made.result.rungs))
    for attributes, uri in variants:
        assert re.search(r"\bBANDWIDTH=\d+,", attributes)
        assert 'CODECS="' in attributes
        assert ("AUDIO=" in attributes) == bool(made.result.audio)
        check_playlist(made, uri)
    for uri in re.findall(r'#EXT-X-MEDIA:.*URI="([^"]+)"', text):
        check_playlist(made, uri)


def check_playlist(made: Made, name: str) -> None:
    text = (made.folder / name).read_text()
    assert text.startswith("#EXTM3U\n")
    assert text.endswith("#EXT-X-ENDLIST\n")
    target = int(re.search(r"#EXT-X-TARGETDURATION:(\d+)", text)[1])  # type: ignore[index]
    assert all(round(seconds) <= target for seconds in made.seconds(name))
    init, *segments = made.uris(name)
    assert boxes.edits((made.folder / init).read_bytes()) == []
    assert segments
    samples = made.times(name)
    assert all(time + duration == after for (time, duration), (after, _) in pairwise(samples))
    total = Fraction(samples[-1][0] + samples[-1][1] - samples[0][0], made.timescale(name))
    assert sum(made.seconds(name)) == pytest.approx(float(total), abs=1e-3)
