"""The waveform of a sound track as lowest and highest sample per bucket, in audiowaveform's formats.

`peaks.dat` is version 2, 8 bits, one channel, 256 samples a bucket; `peaks-2048.dat` and `peaks-16384.dat` are coarser.
`peaks.json` is for drawing: the finest power of two with at most 36,000 buckets. The one channel is the envelope of all
channels, so that nothing loud hides in a mix. Format: https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md
"""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

BUCKET = 256  # samples
ZOOMS = (2048, 16384)
MOST_JSON_BUCKETS = 36_000
_BATCH = 1 << 14  # samples worked on at once: small frames one by one would cost more than their decoding
_GAP_SECONDS = Fraction(1, 20)  # of missing sound that is drawn as silence
_LONGEST_GAP = 900  # seconds; a jump beyond it is a broken clock
_SCALES = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "flt": 1.0, "dbl": 1.0}
_TYPES = {"u8": np.uint8, "s16": np.int16, "s32": np.int32, "flt": np.float32, "dbl": np.float64}


class PeaksDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Finished peaks; bucket i covers samples i × samples_per_pixel on, counted from the timeline's zero."""

    data: str  # "peaks.dat"
    json: str  # "peaks.json"
    zooms: list[str]  # coarser files, finest first
    sample_rate: int  # samples a second
    samples_per_pixel: int  # of `data`
    json_samples_per_pixel: int
    length: int  # buckets of `data`


class PeaksSink:
    """Takes decoded sound in order; memory does not grow with its length, for buckets go straight to a file."""

    def __init__(self, output_dir: Path, sample_rate: int, origin: Fraction = Fraction(0)) -> None:
        """`origin` is the presentation time, in seconds, that the picture begins at: bucket 0 begins there."""
        self._folder = output_dir
        self._rate = sample_rate
        self._origin = round(origin * sample_rate)
        self._least_gap = round(_GAP_SECONDS * sample_rate)
        self._ticks: tuple[int, int] | None = None  # samples a tick of the frames' clock
        self._frames: list[av.AudioFrame] = []
        self._waiting = 0
        self._position: int | None = None  # samples from the origin up to which sound has been taken
        self._rest = np.zeros((2, 0), np.float32)  # an unfinished bucket: envelope's low and high
        self._length = 0
        self._partial = output_dir / ".peaks.dat.part"
        self._file = self._partial.open("wb")
        self._file.write(_header(sample_rate, BUCKET, 0))

    def add(self, frame: av.AudioFrame) -> None:
        """Take the next frame of the track."""
        # Runs for every thousand samples, so it works in whole numbers: fractions took longer than the decoder.
        if frame.pts is not None:
            if self._ticks is None and frame.time_base is not None:
                samples_a_tick = frame.time_base * self._rate
                self._ticks = samples_a_tick.numerator, samples_a_tick.denominator
            if self._ticks is not None:
                self._place(frame.pts * self._ticks[0] // self._ticks[1] - self._origin)
        samples = frame.samples
        self._frames.append(frame)
        self._waiting += samples
        self._position = (self._position or 0) + samples
        if self._waiting >= _BATCH:
            self._drain()

    def finish(self) -> PeaksDetail | None:
        """Write the files; None when there was no sound at all."""
        self._drain()
        if self._rest.shape[1]:
            self._write(self._rest[0].min(keepdims=True), self._rest[1].max(keepdims=True))
        self._file.seek(0)
        self._file.write(_header(self._rate, BUCKET, self._length))
        self._file.close()
        if not self._length:
            self._partial.unlink()
            return None
        self._partial.replace(self._folder / "peaks.dat")
        fine = np.fromfile(self._folder / "peaks.dat", np.int8, offset=24).reshape(-1, 2)
        for zoom in ZOOMS:
            coarse = _coarser(fine, zoom // BUCKET)
            _store(self._folder / f"peaks-{zoom}.dat", _header(self._rate, zoom, len(coarse)) + coarse.tobytes())
        step = 1
        while -(-len(fine) // step) > MOST_JSON_BUCKETS:
            step *= 2
        _store(self._folder / "peaks.json", _document(self._rate, BUCKET * step, _coarser(fine, step)))
        return PeaksDetail(
            data="peaks.dat",
            json="peaks.json",
            zooms=[f"peaks-{zoom}.dat" for zoom in ZOOMS],
            sample_rate=self._rate,
            samples_per_pixel=BUCKET,
            json_samples_per_pixel=BUCKET * step,
            length=self._length,
        )

    def discard(self) -> None:
        """Give up: nothing is left behind."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _place(self, at: int) -> None:
        """Draw silence where the clock jumps ahead to sample `at`; what is before the origin goes in `_drain`."""
        least = self._least_gap
        if self._position is None:
            self._position, least = min(at, 0), 0
        gap = at - self._position
        if least < gap < _LONGEST_GAP * self._rate:
            self._drain()
            for start in range(0, gap, 1 << 20):
                self._reduce(np.zeros((2, min(1 << 20, gap - start)), np.float32))
            self._position = at

    def _drain(self) -> None:
        if not self._frames:
            return
        frames, self._frames, self._waiting = self._frames, [], 0
        parts = [_envelope(list(group)) for _, group in groupby(frames, key=_kind)]
        envelope = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        before = (self._position or 0) - envelope.shape[1]
        self._reduce(envelope[:, -before:] if before < 0 else envelope)

    def _reduce(self, envelope: NDArray[np.float32]) -> None:
        if self._rest.shape[1]:
            envelope = np.concatenate([self._rest, envelope], axis=1)
        whole = envelope.shape[1] // BUCKET * BUCKET
        if whole:
            lows = envelope[0, :whole].reshape(-1, BUCKET).min(axis=1)
            highs = envelope[1, :whole].reshape(-1, BUCKET).max(axis=1)
            self._write(lows, highs)
        self._rest = envelope[:, whole:].copy()

    def _write(self, lows: NDArray[np.float32], highs: NDArray[np.float32]) -> None:
        values = np.nan_to_num(np.stack([lows, highs], axis=1))  # a damaged float may be anything
        pairs = np.clip(np.floor(values * 128), -128, 127).astype(np.int8)
        self._file.write(pairs.tobytes())
        self._length += len(pairs)


def _kind(frame: av.AudioFrame) -> tuple[str, int]:
    return frame.format.name, frame.layout.nb_channels


def _envelope(frames: list[av.AudioFrame]) -> NDArray[np.float32]:
    """Lowest and highest of all channels for each sample, shape (2, samples), within ±1."""
    form = frames[0].format
    name = form.name.removesuffix("p")
    kind, scale = _TYPES[name], np.float32(_SCALES[name])
    if form.is_planar:
        planes = [[np.frombuffer(memoryview(plane), kind)[: f.samples] for plane in f.planes] for f in frames]
        rows = [np.concatenate(channel) for channel in zip(*planes, strict=True)]
    else:
        channels = frames[0].layout.nb_channels
        parts = [np.frombuffer(memoryview(f.planes[0]), kind)[: f.samples * channels] for f in frames]
        rows = list(np.concatenate(parts).reshape(-1, channels).T)
    low = high = rows[0]
    for row in rows[1:]:
        low, high = np.minimum(low, row), np.maximum(high, row)
    both = np.empty((2, len(low)), np.float32)
    both[0], both[1] = low, high
    if name == "u8":
        both -= 128
    if scale != 1:
        both /= scale
    return both


def _coarser(pairs: NDArray[np.int8], step: int) -> NDArray[np.int8]:
    """`step` buckets in one."""
    if step == 1 or not len(pairs):
        return pairs
    missing = -len(pairs) % step
    padded = np.concatenate([pairs, np.repeat(pairs[-1:], missing, axis=0)]) if missing else pairs
    grouped = padded.reshape(-1, step, 2)
    return np.stack([grouped[..., 0].min(axis=1), grouped[..., 1].max(axis=1)], axis=1)


def _header(rate: int, samples: int, length: int) -> bytes:
    return struct.pack("<iIiiIi", 2, 1, rate, samples, length, 1)


def _document(rate: int, samples: int, pairs: NDArray[np.int8]) -> bytes:
    document: dict[str, Any] = {
        "version": 2,
        "channels": 1,
        "sample_rate": rate,
        "samples_per_pixel": samples,
        "bits": 8,
        "length": len(pairs),
        "data": pairs.reshape(-1).tolist(),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _store(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(data)
    partial.replace(path)
