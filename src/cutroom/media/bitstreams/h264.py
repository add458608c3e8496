"""H.264 frame numbers: a jump means that reference frames are missing."""

from __future__ import annotations

from cutroom.media.bitstreams.bits import Bits, unescape

_HIGH = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134}


class FrameNumbers:
    """Follows `frame_num` through a stream; gives up silently on parameter sets it cannot read."""

    def __init__(self) -> None:
        self._sequences: dict[int, tuple[int, bool, bool]] = {}  # id → bits of frame_num, gaps allowed, separate planes
        self._pictures: dict[int, int] = {}  # picture set id → sequence set id
        self._last: int | None = None

    def feed(self, unit: bytes) -> None:
        """Take in a parameter set; other units are ignored."""
        try:
            kind = unit[0] & 31
            if kind == 7:
                self._sequence(Bits(unescape(unit[1:])))
            elif kind == 8:
                bits = Bits(unescape(unit[1:16]))
                picture = bits.golomb()
                self._pictures[picture] = bits.golomb()
        except (ValueError, IndexError):
            return

    def missing(self, units: list[bytes], key: bool) -> bool:
        """Whether the first slice of an access unit skips frame numbers; only the heads of units are needed."""
        for unit in units:
            kind = unit[0] & 31
            if kind in (7, 8):
                self.feed(unit)
            elif kind in (1, 5):
                return self._slice(unit, reset=key or kind == 5)
        return False

    def _slice(self, unit: bytes, *, reset: bool) -> bool:
        try:
            bits = Bits(unescape(unit[1:24]))
            first_block, _, picture = bits.golomb(), bits.golomb(), bits.golomb()
            width, gaps_allowed, planes = self._sequences[self._pictures[picture]]
            if planes:
                bits.take(2)
            number = bits.take(width)
        except (ValueError, KeyError):
            return False
        last, modulus = self._last, 1 << width
        if unit[0] & 0x60 or reset:
            self._last = number
        # 0 and 1 may follow a memory command that restarts the count, which lies deeper than this reads.
        if reset or last is None or gaps_allowed or first_block or number in (0, 1):
            return False
        return number not in (last, (last + 1) % modulus)

    def _sequence(self, bits: Bits) -> None:
        profile = bits.take(8)
        bits.take(16)
        identifier = bits.golomb()
        planes = False
        if profile in _HIGH:
            if bits.golomb() == 3:
                planes = bool(bits.take(1))
            bits.golomb()
            bits.golomb()
            bits.take(1)
            if bits.take(1):
                return  # scaling matrices lie before the field needed here: leave such streams unchecked
        width = bits.golomb() + 4
        order = bits.golomb()
        if order == 0:
            bits.golomb()
        elif order == 1:
            bits.take(1)
            bits.signed_golomb()
            bits.signed_golomb()
            for _ in range(bits.golomb()):
                bits.signed_golomb()
        bits.golomb()
        self._sequences[identifier] = (width, bool(bits.take(1)), planes)
