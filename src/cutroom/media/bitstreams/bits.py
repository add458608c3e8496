"""Reading single bits and Exp-Golomb codes."""

from __future__ import annotations


class Bits:
    """A cursor over the bits of a payload; running off the end raises ValueError."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        """The next `count` bits as an unsigned number."""
        if count > self._left:
            raise ValueError("out of bits")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """The next unsigned Exp-Golomb code."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("no such code")
        return (1 << zeros) - 1 + (self.take(zeros) if zeros else 0)

    def signed_golomb(self) -> int:
        """The next signed Exp-Golomb code."""
        code = self.golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def unescape(data: bytes) -> bytes:
    """A NAL unit without its emulation prevention bytes."""
    return data.replace(b"\0\0\3", b"\0\0")
