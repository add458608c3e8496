"""Sound of a ladder: in step with the picture, whole, and there when a player asks for it."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from cutroom.media import boxes
from cutroom.media.sample import make_footage
from tests.integration.ladder_reading import Made, make_ladder


def onsets(sound: np.ndarray, rate: int) -> list[float]:
    """Seconds at which it becomes loud after a silence."""
    loud = np.abs(sound) > 0.1
    window = rate // 10
    edges = [index for index in np.flatnonzero(loud) if not loud[max(0, index - window) : index].any()]
    return [edge / rate for edge in edges]


def source_onsets(path: Path, zero: Fraction) -> list[float]:
    """The same for a source file, counted from its first displayed frame."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        to_float = av.AudioResampler(format="fltp")
        frames = list(container.decode(audio=0))
        start = float(frames[0].pts * frames[0].time_base - zero)
        sound = np.concatenate([part.to_ndarray()[0] for frame in frames for part in to_float.resample(frame)])
    return [start + at for at in onsets(sound, rate)]


def first_time(path: Path) -> Fraction:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return frame.pts * frame.time_base


CASES: dict[str, tuple[str, dict[str, Any], bool]] = {
    "copied from mp4": (".mp4", {}, True),
    "copied from matroska": (".mkv", {"audio_codec": "aac"}, True),
    "copied from a transport stream": (".ts", {"audio_codec": "aac"}, True),
    "a source that starts late": (".ts", {"audio_codec": "aac", "start": Fraction(7)}, True),
    "raw samples": (".mov", {"audio_codec": "pcm_s16le"}, False),
    "mp3": (".mp4", {"audio_codec": "libmp3lame"}, False),
}


@pytest.mark.parametrize("name", CASES)
def test_beeps_stay_where_they_were(tmp_path: Path, name: str) -> None:
    suffix, options, copied = CASES[name]
    source = tmp_path / f"in{suffix}"
    make_footage(source, seconds=5, rate=25, width=160, height=120, kind="barcode", audio="beep", **options)
    made = make_ladder(source, tmp_path / "out")
    (track,) = made.result.audio
    assert track.copied is copied
    sound, rate = made.samples()
    expected = [at for at in source_onsets(source, first_time(source)) if at > 0.1]
    found = [at for at in onsets(sound, rate) if at > 0.1]
    assert len(expected) >= 3
    assert found == pytest.approx(expected, abs=0.004)
    check_track(made)


def check_track(made: Made) -> None:
    """No edit list, times that meet, an end at the picture's end."""
    assert boxes.edits((made.folder / made.uris("audio-0.m3u8")[0]).read_bytes()) == []
    samples = made.times("audio-0.m3u8")
    scale = made.timescale("audio-0.m3u8")
    assert 0 <= samples[0][0] < 1024
    assert all(time + duration == after for (time, duration), (after, _) in pairwise(samples))
    end = Fraction(samples[-1][0] + samples[-1][1], scale)
    assert float(end) == pytest.approx(float(Fraction(made.result.duration)), abs=0.1)


def with_sound(path: Path, streams: list[tuple[str, str, float, float]], *, seconds: int = 6) -> None:
    """A film of grey with sound tracks of (codec, language, from, to) in seconds; a 440 Hz tone."""
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        voices = []
        for codec, language, first, last in streams:
            voice = output.add_stream(codec, rate=48000, layout="stereo")
            voice.metadata["language"] = language
            voices.append((voice, first, last))
        for index in range(seconds * 25):
            frame = av.VideoFrame.from_ndarray(np.full((180, 160), 90 + index % 50, np.uint8), "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(video.encode(frame))
            for voice, first, last in voices:
                for at in range(index * 1920, (index + 1) * 1920, 960):
                    if not first * 48000 <= at < last * 48000:
                        continue
                    wave = 0.5 * np.sin(2 * np.pi * 440 * (at + np.arange(960)) / 48000)
                    part = av.AudioFrame.from_ndarray(np.stack([wave, wave]).astype(np.float32), "fltp", "stereo")
                    part.sample_rate, part.pts, part.time_base = 48000, at, Fraction(1, 48000)
                    output.mux(voice.encode(part))
        output.mux(video.encode(None))
        for voice, _, _ in voices:
            output.mux(voice.encode(None))


@pytest.mark.parametrize("codec", ["aac", "flac"])
def test_sound_that_begins_late_and_ends_early_is_framed_by_silence(tmp_path: Path, codec: str) -> None:
    source = tmp_path / "in.mkv"
    with_sound(source, [(codec, "eng", 2.5, 4.0)])
    made = make_ladder(source, tmp_path / "out")
    sound, rate = made.samples()
    loud = np.flatnonzero(np.abs(sound) > 0.2) / rate
    assert loud[0] == pytest.approx(2.5, abs=0.03)
    assert loud[-1] == pytest.approx(4.0, abs=0.04)
    check_track(made)
    assert [uri[-9:-4] for uri in made.uris("audio-0.m3u8")[1:]] == ["00000", "00001", "00002"]


def test_several_tracks_with_languages(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    with_sound(source, [("aac", "eng", 0, 6), ("aac", "deu", 0, 6), ("flac", "fra", 1, 5)])
    made = make_ladder(source, tmp_path / "out")
    assert [(track.language, track.copied, track.default) for track in made.result.audio] == [
        ("eng", True, True),
        ("deu", True, False),
        ("fra", False, False),
    ]
    master = (made.folder / "master.m3u8").read_text()
    assert master.count("TYPE=AUDIO") == 3
    assert 'LANGUAGE="deu",DEFAULT=NO' in master
    for index in range(3):
        assert made.uris(f"audio-{index}.m3u8")[0] == f"audio/{index}/init.mp4"


def test_no_sound(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=1, rate=25, width=160, height=120, kind="barcode", audio=None)
    made = make_ladder(source, tmp_path / "out")
    assert made.result.audio == []
    assert "AUDIO" not in (made.folder / "master.m3u8").read_text()
    assert [event["event"] for event in made.events if "event" in event] == ["playable"]


@pytest.mark.parametrize("suffix", ["m4a", "mp3", "wav", "flac"])
def test_sound_without_picture(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"in.{suffix}"
    codec = {"m4a": "aac", "mp3": "libmp3lame", "wav": "pcm_s16le", "flac": "flac"}[suffix]
    with av.open(str(source), "w") as output:
        voice = output.add_stream(codec, rate=44100, layout="mono")
        for at in range(0, 44100 * 5, 1152):
            wave = (8000 * np.sin(2 * np.pi * 440 * (at + np.arange(1152)) / 44100)).astype(np.int16)[None, :]
            part = av.AudioFrame.from_ndarray(wave, "s16", "mono")
            part.sample_rate, part.pts, part.time_base = 44100, at, Fraction(1, 44100)
            output.mux(voice.encode(part))
        output.mux(voice.encode(None))
    made = make_ladder(source, tmp_path / "out")
    assert made.result.rungs == []
    assert made.result.timing is None
    assert float(Fraction(made.result.duration)) == pytest.approx(5, abs=0.1)
    sound, rate = made.samples()
    assert len(sound) / rate == pytest.approx(5, abs=0.1)
    assert np.abs(sound[rate : 4 * rate]).max() > 0.1
    master = (made.folder / "master.m3u8").read_text().splitlines()
    assert master[-1] == "audio-0.m3u8"
    assert [event["event"] for event in made.events if "event" in event] == ["playable"]
