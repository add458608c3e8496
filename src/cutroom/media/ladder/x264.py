"""The H.264 encoder of one rung."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from av.codec.context import CodecContext, Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from cutroom.media.ladder.fragments import Colour, Sample
from cutroom.media.ladder.plan import QUALITIES, Rung

_NO_OWN_KEYFRAMES = 1 << 20  # frames: key frames come from the grid alone


_CORES_A_THREAD = 4
"""Rungs are coded side by side, so that few cores are busy with one thread each."""


class Encoder:
    """x264 without B-frames: frames leave in the order they came in, and decode time is presentation time.

    One thread codes the same frames to the same bytes every time. Several do not where the bit rate's cap bites: each
    guesses from how far the others happen to be.
    """

    def __init__(self, rung: Rung, *, timescale: int, rate: Fraction, colour: Colour, threads: int) -> None:
        context = CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = rung.width, rung.height, "yuv420p"
        context.time_base = Fraction(1, timescale)
        context.framerate = rate.limit_denominator(60_000)
        context.sample_aspect_ratio = Fraction(1)
        context.gop_size = _NO_OWN_KEYFRAMES
        context.max_b_frames = 0
        context.flags |= int(Flags.global_header) | int(Flags.closed_gop)
        context.color_primaries, context.color_trc = colour.primaries, colour.transfer
        context.colorspace, context.color_range = colour.matrix, 1
        context.thread_count = threads or max(1, (os.cpu_count() or 1) // _CORES_A_THREAD)
        quality = QUALITIES[rung.quality]
        context.options = {
            "preset": quality.preset,
            "crf": str(quality.crf),
            "maxrate": str(rung.max_bit_rate),
            "bufsize": str(rung.buffer_bits),
            "sc_threshold": "0",
            "forced-idr": "1",
            # Length-prefixed units and an avcC, as the boxes want them.
            "x264-params": ":".join(filter(None, ("annexb=0", quality.more))),
        }
        context.open()
        self._context = context
        self._anew = partial(Encoder, rung, timescale=timescale, rate=rate, colour=colour, threads=threads)

    def anew(self) -> Encoder:
        """Another one with the same settings."""
        return self._anew()

    @property
    def avcc(self) -> bytes:
        """The decoder configuration record with both parameter sets."""
        return self._context.extradata or b""

    @property
    def codec_string(self) -> str:
        """Its name in a playlist, such as `avc1.64001f`."""
        return f"avc1.{self.avcc[1:4].hex()}"

    def encode(self, frame: VideoFrame, *, sync: bool) -> Iterator[Sample]:
        """Code a frame whose pts is in the track's timescale; `sync` makes it an IDR picture."""
        frame.pict_type = PictureType.I if sync else PictureType.NONE
        return _samples(self._context.encode(frame))

    def flush(self) -> Iterator[Sample]:
        """The samples that are still inside."""
        return _samples(self._context.encode(None))


def _samples(packets: Iterable[Packet[Any]]) -> Iterator[Sample]:
    for packet in packets:
        assert packet.pts is not None
        yield Sample(time=packet.pts, data=bytes(packet), sync=packet.is_keyframe)
