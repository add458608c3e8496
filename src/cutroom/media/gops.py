"""What a walk over every packet of the picture tells: frames, groups of pictures, and the real bit rate."""

from __future__ import annotations

from array import array
from fractions import Fraction

import msgspec
import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cutroom.media.closed_gop import ClosedGop

MOST_LENGTHS = 1000
"""Lengths of single groups that are listed."""
_DEEPEST = 16  # frames that a decoder may hold back, in H.264 and HEVC


class GopFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Groups of pictures, counted from keyframe to keyframe in the order they are stored."""

    frames: int  # that are shown
    gops: int
    closed: int  # groups that begin with a picture nothing reaches back over, such as IDR
    open: int  # groups whose first frames may need the group before: recovery point, CRA
    shortest: int  # frames
    mean: float
    longest: int
    lengths: list[int]  # of the first 1,000 groups
    b_frames: int  # most frames in a row that are shown before one that was stored before them
    reorder: int  # frames that a decoder has to hold back
    bit_rate: int | None  # bits a second of the picture alone
    peak_bit_rate: int | None  # of its densest second


class GopCounter:
    """Takes the packets of one video stream in file order; 17 bytes of memory a frame."""

    def __init__(self, stream: VideoStream) -> None:
        self.index = stream.index
        self._base = stream.time_base or Fraction(1, 1000)
        self._closed = ClosedGop(stream)
        self._times = array("q")
        self._sizes = array("q")
        self._starts = array("q")  # numbers, in file order, of the frames that begin a group
        self._open = array("q")  # those of them that are not marked as closed
        # In these codecs only frames that follow the keyframe and are shown before it may reach back over it.
        self._leading_only = stream.codec_context.codec.canonical_name in ("hevc", "mpeg1video", "mpeg2video")

    def take(self, packet: Packet[VideoStream]) -> None:
        """Count one packet; what an edit list hides and what has no time is left out."""
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or packet.is_discard or not packet.size:
            return
        if packet.is_keyframe:
            self._starts.append(len(self._times))
            if not self._closed(packet):
                self._open.append(len(self._times))
        self._times.append(time)
        self._sizes.append(packet.size)

    def facts(self) -> GopFacts | None:
        """What was counted; None when there was no frame."""
        if not self._times:
            return None
        times: NDArray[np.int64] = np.frombuffer(self._times, np.int64)
        starts = np.frombuffer(self._starts, np.int64) if self._starts else np.zeros(1, np.int64)
        lengths = np.diff(np.append(starts, len(times)))
        late = times < np.maximum.accumulate(times)
        mean, peak = self._rates(times)
        opened = sum(not self._leading_only or _leads(times, at) for at in self._open)
        return GopFacts(
            frames=len(times),
            gops=len(self._starts),
            closed=len(self._starts) - opened,
            open=opened,
            shortest=int(lengths.min()),
            mean=round(float(lengths.mean()), 3),
            longest=int(lengths.max()),
            lengths=lengths[:MOST_LENGTHS].tolist(),
            b_frames=_longest_run(late),
            reorder=_reorder(times),
            bit_rate=mean,
            peak_bit_rate=peak,
        )

    def _rates(self, times: NDArray[np.int64]) -> tuple[int | None, int | None]:
        sizes = np.frombuffer(self._sizes, np.int64)
        order = np.argsort(times, kind="stable")
        seconds, bits = (times[order] - times.min()) * float(self._base), 8 * sizes[order]
        if len(times) < 2 or seconds[-1] <= 0:
            return None, None
        length = seconds[-1] * len(times) / (len(times) - 1)
        total = np.concatenate([[0], np.cumsum(bits)])
        ends = np.searchsorted(seconds, seconds + 1.0 - 1e-6)
        peak = int((total[ends] - total[:-1]).max()) if length >= 1 else None
        return round(int(total[-1]) / length), peak


def _leads(times: NDArray[np.int64], at: int) -> bool:
    return at + 1 < len(times) and bool(times[at + 1] < times[at])


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _reorder(times: NDArray[np.int64]) -> int:
    """The most frames that are stored before a frame and shown after it."""
    held = np.zeros(len(times), np.int64)
    for back in range(1, min(_DEEPEST, len(times) - 1) + 1):
        held[back:] += times[:-back] > times[back:]
    return int(held.max())
