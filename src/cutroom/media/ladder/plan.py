"""What a source is turned into: the rungs of its ladder and the grid on which segments begin."""

from __future__ import annotations

from fractions import Fraction

import msgspec

AUTO = (720, 480, 240)
FULL = (1080, 720, 480, 240)

_REFERENCE_PIXELS = 1280 * 720
_REFERENCE_BITS = 3_000_000  # a second, of 720 lines at up to 30 frames a second
_SEGMENT_FLOOR = 2  # seconds of the first two segments, so that playing starts early
_MAX_ASPECT = 16  # a declared sample aspect beyond this is a broken header, not a picture
_SAME_ASPECT = Fraction(1, 100)  # what somebody's scaling rounded off, not pixels that are meant to be oblong


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The picture as it is shown: after rotation, with square pixels."""

    width: int
    height: int


_LOOK_AHEAD = "mbtree=1:rc-lookahead=10"
"""With these two of `veryfast`, `superfast` looks as good at the same size for two thirds of the time."""


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How the encoder weighs size against looks against time; part of every recipe under its name."""

    preset: str  # of x264
    more: str  # parameters of x264 beyond the preset's
    crf: float  # of x264: 6 more is about half the size
    bits: float  # the cap of a rung, as a multiple of `max_bit_rate`


QUALITIES = {
    "small": Quality(preset="superfast", more=_LOOK_AHEAD, crf=27, bits=0.6),
    "balanced": Quality(preset="superfast", more=_LOOK_AHEAD, crf=22.75, bits=1.0),
    "fine": Quality(preset="faster", more="", crf=19, bits=1.8),
}
"""What `--quality` and CUTROOM_MEDIA_QUALITY name."""
BALANCED = "balanced"


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One size of the ladder."""

    width: int
    height: int
    max_bit_rate: int  # bits a second, held by the encoder's buffer model
    buffer_bits: int
    quality: str = BALANCED  # a name in QUALITIES

    @property
    def name(self) -> str:
        """Its folder and playlist: the height."""
        return str(self.height)

    def peak(self, target_seconds: int) -> int:
        """Bits a second that no run of segments of half a target or more exceeds: cap, full buffer and boxes."""
        burst = Fraction(2 * self.buffer_bits, target_seconds)
        return int((self.max_bit_rate + burst) * Fraction(51, 50))


def shown_shape(width: int, height: int, sample_aspect: Fraction | None, quarter_turns: int) -> Shape:
    """The shown size of coded pixels: stretched sideways to square pixels, then turned."""
    aspect = sample_aspect or Fraction(1)
    if not Fraction(1, _MAX_ASPECT) <= aspect <= _MAX_ASPECT or abs(aspect - 1) < _SAME_ASPECT:
        aspect = Fraction(1)
    width = max(1, round(width * aspect))
    return Shape(width=height, height=width) if quarter_turns % 2 else Shape(width=width, height=height)


def rung_heights(wanted: str | list[int] | tuple[int, ...], source_height: int) -> tuple[int, ...]:
    """Heights of the ladder, tallest first: never above the source, and always at least one."""
    asked = {"auto": AUTO, "full": FULL}[wanted] if isinstance(wanted, str) else tuple(wanted)
    heights = sorted({even(height) for height in asked if height <= source_height}, reverse=True)
    return tuple(heights) or (even(source_height),)


def plan_rungs(
    shape: Shape, wanted: str | list[int] | tuple[int, ...], rate: Fraction, quality: str = BALANCED
) -> tuple[Rung, ...]:
    """The rungs of a picture of this shape at about this many frames a second."""
    rungs = []
    for height in rung_heights(wanted, shape.height):
        width = max(2, min(2 * round(Fraction(shape.width * height, 2 * shape.height)), even(shape.width)))
        bits = round(max_bit_rate(width, height, rate) * QUALITIES[quality].bits)
        rungs.append(Rung(width=width, height=height, max_bit_rate=bits, buffer_bits=bits, quality=quality))
    return tuple(rungs)


def max_bit_rate(width: int, height: int, rate: Fraction) -> int:
    """The cap of a rung in bits a second: 3 Mb/s for 720 lines, less per pixel for larger pictures and rates."""
    motion = max(1.0, float(rate) / 30) ** 0.6
    bits: float = _REFERENCE_BITS * (width * height / _REFERENCE_PIXELS) ** 0.8 * motion
    return max(64_000, round(bits / 1000) * 1000)


def even(size: int) -> int:
    """The even number at or below `size`, at least 2: 4:2:0 pictures have no odd edge."""
    return max(2, size - size % 2)


class Grid:
    """Where segments begin: 0 s, 2 s, 4 s, then every `segment_seconds`.

    Segment `k` holds the frames whose time is in cell `k`, so each is computed alone and alike on every machine. A
    source that stands still for longer than a cell leaves that number out.
    """

    def __init__(self, segment_seconds: Fraction) -> None:
        if segment_seconds <= 0:
            raise ValueError("a segment lasts longer than nothing")
        self._later = segment_seconds
        self._early = min(segment_seconds, Fraction(_SEGMENT_FLOOR))

    @property
    def target_seconds(self) -> int:
        """EXT-X-TARGETDURATION that its segments need."""
        return max(1, -int(-self._later // 1))

    def cell(self, ticks: int, timescale: int) -> int:
        """The segment that the time `ticks / timescale` falls into."""
        time = Fraction(ticks, timescale)
        if time < 2 * self._early:
            return int(time // self._early)
        return 2 + int((time - 2 * self._early) // self._later)

    def start(self, cell: int) -> Fraction:
        """Where a segment's cell begins, in seconds."""
        return cell * self._early if cell < 2 else 2 * self._early + (cell - 2) * self._later
