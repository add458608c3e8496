"""The bits of a NAL unit's payload."""

from __future__ import annotations


class BitReader:
    """Bits of a payload, most significant first, with the emulation prevention bytes taken out.

    Raises ValueError when the payload ends too early or a number is out of proportion.
    """

    def __init__(self, payload: bytes) -> None:
        clean = payload.replace(b"\0\0\3", b"\0\0")
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


def add_emulation_prevention(payload: bytes) -> bytes:
    """The payload as a NAL unit holds it: no three bytes that look like a start code."""
    out = bytearray()
    zeros = 0
    for byte in payload:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)
