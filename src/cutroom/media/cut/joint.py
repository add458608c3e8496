"""Where copied and encoded pictures share one stream: what both codecs that can be joined have in common.

The ends come without reordering and with parameter sets of numbers that the source does not use; the header holds
both, and every picture says which it wants.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from cutroom.media.cut.encode import Look
from cutroom.media.cut.h264 import split_units
from cutroom.media.cut.sps import Color

DAMAGED, SETS_CHANGE = "a packet's structure is damaged", "its parameter sets change on the way"
UNREADABLE, MISSING = "its parameter sets cannot be read", "its parameter sets are missing or change"
USED_UP = "it uses up the numbers of parameter sets"
NO_ENCODER, DIFFER = "no encoder takes its pictures as they are", "its two ends would be encoded differently"


class NotJoinable(Exception):
    """Why copied and encoded pictures cannot be put into one stream, as a clause for people."""


class Joint(Protocol):
    """The copied side of a join: what its packets need, and what the encoded side must not use."""

    color: Color

    def encoder(self, look: Look) -> VideoCodecContext:
        """An open encoder for an end. Raises `NotJoinable`."""

    def configuration(self, encoders: Sequence[VideoCodecContext]) -> bytes:
        """The stream's header, with the parameter sets of both sides. Raises `NotJoinable`."""

    def encoded(self, data: bytes) -> bytes:
        """An encoder's packet as the joined stream holds it."""

    def packets(self) -> Iterator[Packet[Any]]:
        """The copied packets, their parameter sets taken out, which may not change on the way."""


class Copied:
    """The packets to be copied, the first of them looked at ahead."""

    def __init__(self, template: VideoStream, length_bytes: int, packets: Iterator[Packet[Any]]) -> None:
        self._length_bytes = length_bytes
        ahead = next(packets, None)
        if ahead is None:
            raise NotJoinable("its packets cannot be found again")
        self.first_packet = ahead
        self.first = self._split(ahead)
        self._packets = itertools.chain([ahead], packets)
        self.template = template

    def __iter__(self) -> Iterator[tuple[Packet[Any], list[bytes]]]:
        for packet in self._packets:
            yield packet, self._split(packet)

    def _split(self, packet: Packet[Any]) -> list[bytes]:
        try:
            return split_units(bytes(packet), self._length_bytes)
        except (ValueError, IndexError) as error:
            raise NotJoinable(DAMAGED) from error


def with_data(packet: Packet[Any], data: bytes) -> Packet[Any]:
    """`packet` with other bytes."""
    if bytes(packet) == data:
        return packet
    changed = Packet(len(data))
    changed.update(data)
    changed.is_keyframe = packet.is_keyframe
    return changed
