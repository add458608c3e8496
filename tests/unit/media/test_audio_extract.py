"""Sound as a file of its own: the same samples, under the same picture, in the container asked for."""

import io
import struct
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from cutroom.core.errors import CutroomError
from cutroom.media.audio_extract import extract_audio
from cutroom.media.audio_plan import AudioFormat, AudioPlan, plan_audio
from cutroom.media.probe import probe
from cutroom.media.sample import make_footage
from cutroom.media.wav import WavWriter

SMALL: dict[str, Any] = {"width": 64, "height": 48, "kind": "barcode", "audio": "beep"}


def extracted(source: Path, wanted: AudioFormat, track: int = 0) -> tuple[AudioPlan, Path]:
    plan = plan_audio(probe(source), track, wanted)
    target = source.with_name(f"{source.stem}-{wanted}.{plan.suffix}")
    with target.open("wb") as file:
        extract_audio(source, plan, file)
    return plan, target


def samples_of(path: Path, *, until: float | None = None) -> NDArray[np.float32]:
    """The first channel as a player places it: sample 0 is time 0."""
    out = np.zeros(0, np.float32)
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        for frame in container.decode(stream):
            at = round((frame.pts or 0) * frame.time_base * stream.rate) if frame.pts is not None else len(out)
            for part in resampler.resample(frame):
                data = part.to_ndarray()[0]
                if at < 0:
                    data, at = data[-at:], 0
                if at + len(data) > len(out):
                    out = np.concatenate([out, np.zeros(at + len(data) - len(out), np.float32)])
                out[at : at + len(data)] = data
                at += len(data)
    return out


def onsets(samples: NDArray[np.float32], rate: int = 48_000) -> list[float]:
    """When it becomes loud after silence, in seconds."""
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-rate) > rate // 4)]
    return [float(start / rate) for start in starts]


def expected_onsets(source: Path) -> list[float]:
    """The same heard in the source, counted from the picture's first frame."""
    found = probe(source)
    assert found.video is not None
    zero = Fraction(found.video.start)
    return [at - float(zero) for at in onsets(samples_of(source))]


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.ts", "in.mov"])
@pytest.mark.parametrize("wanted", ["copy", "m4a", "wav", "flac"])
def test_sound_lies_under_the_picture(tmp_path: Path, name: str, wanted: AudioFormat) -> None:
    source = tmp_path / name
    make_footage(source, seconds=4, rate=25, start=Fraction(2) if name.endswith("ts") else Fraction(0), **SMALL)
    _, target = extracted(source, wanted)
    heard, truth = onsets(samples_of(target)), expected_onsets(source)
    assert len(heard) == len(truth) >= 2
    off = np.abs(np.array(heard) - np.array(truth))
    assert off[1:].max() < 0.001
    # Copied from a transport stream, the packet across zero is left out: the first one fades in.
    assert off[0] < (0.022 if (wanted, name) == ("copy", "in.ts") else 0.001)


@pytest.mark.parametrize(
    ("codec", "suffix", "copied"),
    [("aac", "m4a", True), ("libmp3lame", "mp3", True), ("ac3", "ac3", True), ("libopus", "opus", True),
     ("flac", "flac", True), ("pcm_s16le", "wav", False), ("alac", "m4a", True)],
)  # fmt: skip
def test_each_codec_keeps_its_own_container(tmp_path: Path, codec: str, suffix: str, copied: bool) -> None:
    source = tmp_path / "in.mkv"
    make_footage(source, seconds=2, rate=25, audio_codec=codec, **SMALL)
    plan, target = extracted(source, "copy")
    assert (plan.suffix, plan.copied) == (suffix, copied)
    with av.open(str(source)) as given, av.open(str(target)) as taken:
        name = given.streams.audio[0].codec_context.codec.canonical_name
        assert taken.streams.audio[0].codec_context.codec.canonical_name == name
    assert np.abs(np.array(onsets(samples_of(target))) - np.array(expected_onsets(source))).max() < 0.035


def test_wav_is_what_the_standard_library_reads(tmp_path: Path) -> None:
    source = tmp_path / "in.mov"
    make_footage(source, seconds=2, rate=25, audio_codec="pcm_s16le", **SMALL)
    _, target = extracted(source, "wav")
    with wave.open(str(target)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 48_000, 2)
        assert file.getnframes() == 96_000
        heard = np.frombuffer(file.readframes(96_000), "<i2").reshape(-1, 2)
    with av.open(str(source)) as container:
        truth = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)])
    assert np.array_equal(heard, truth)


def test_large_and_deep_wav_say_so_in_their_headers() -> None:
    out = io.BytesIO()
    WavWriter(out, rate=48_000, channels=6, bits=24, frames=10).write(np.full((4, 6), 0x12345600, np.int32))
    data = out.getvalue()
    assert data[:4] == b"RIFF"
    assert struct.unpack_from("<HHI", data, 20) == (0xFFFE, 6, 48_000)
    assert data[-3:] == bytes.fromhex("563412")
    long = io.BytesIO()
    WavWriter(long, rate=48_000, channels=2, bits=16, frames=2_000_000_000)
    head = long.getvalue()
    assert head[:4] == b"RF64"
    assert struct.unpack_from("<QQQ", head, 20) == (len(head) - 8 + 8_000_000_000, 8_000_000_000, 2_000_000_000)


def test_damage_becomes_silence_and_what_follows_stays_in_place(tmp_path: Path) -> None:
    source = tmp_path / "in.ts"
    make_footage(source, seconds=6, rate=25, **SMALL)
    truth = expected_onsets(source)
    data = bytearray(source.read_bytes())
    third = len(data) // 3 // 188 * 188
    data[third : third + 188 * 40] = b"\0" * (188 * 40)
    source.write_bytes(data)
    _, target = extracted(source, "wav")
    heard = onsets(samples_of(target))
    assert [min(abs(at - one) for one in truth) < 0.002 for at in heard[-2:]] == [True, True]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    source = tmp_path / "mute.mp4"
    make_footage(source, seconds=1, **{**SMALL, "audio": None})
    with pytest.raises(CutroomError) as caught:
        extracted(source, "copy")
    assert caught.value.code == "media.no-sound"
    make_footage(tmp_path / "one.mp4", seconds=1, **SMALL)
    with pytest.raises(CutroomError) as caught:
        extracted(tmp_path / "one.mp4", "wav", track=1)
    assert caught.value.code == "media.no-track"
