"""The bits of a NAL unit's payload."""

from __future__ import annotations

import re


class BitReader:
    """Bits of a payload, most significant first, with the emulation prevention bytes taken out if it is `escaped`.

    Raises ValueError when the payload ends too early or a number is out of proportion.
    """

    def __init__(self, payload: bytes, *, escaped: bool = True) -> None:
        clean = strip_emulation_prevention(payload) if escaped else payload
        self._bits = int.from_bytes(clean, "big")
        self._all = self._left = len(clean) * 8

    @property
    def position(self) -> int:
        """Bits read so far."""
        return self._all - self._left

    def u(self, count: int) -> int:
        """An unsigned number of `count` bits."""
        if count > self._left:
            raise ValueError("a parameter set ends too early")
        self._left -= count
        return self._bits >> self._left & ((1 << count) - 1)

    def ue(self) -> int:
        """An unsigned Exp-Golomb number."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("a number of a parameter set is too long")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb number."""
        coded = self.ue()
        return (coded + 1) // 2 if coded & 1 else -(coded // 2)


_LOOKS_LIKE_A_START = re.compile(rb"\0\0(?=[\0-\3])")


def add_emulation_prevention(payload: bytes) -> bytes:
    """The payload as a NAL unit holds it: no three bytes that look like a start code."""
    return _LOOKS_LIKE_A_START.sub(b"\0\0\3", payload)


def strip_emulation_prevention(payload: bytes) -> bytes:
    """The payload without the bytes that `add_emulation_prevention` put in."""
    return payload.replace(b"\0\0\3", b"\0\0")


def ue_bits(value: int) -> str:
    """An unsigned Exp-Golomb number, as zeros and ones."""
    return f"{value + 1:0{2 * (value + 1).bit_length() - 1}b}"


def with_ue(payload: bytes, position: int, value: int) -> bytes:
    """A parameter set's payload, emulation prevention taken out, with another Exp-Golomb number at a bit position."""
    bits = BitReader(payload, escaped=False)
    before = f"{bits.u(position):0{position}b}" if position else ""
    bits.ue()
    rest = len(payload) * 8 - bits.position
    after = f"{bits.u(rest):0{rest}b}".rstrip("0")  # ends in rbsp_stop_one_bit, behind which only alignment follows
    text = before + ue_bits(value) + after
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")
