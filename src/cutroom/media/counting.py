"""Counting what a header only declares: one walk over the packets of the picture, nothing is decoded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cutroom.core.errors import CutroomError
from cutroom.media.gops import GopCounter, GopFacts
from cutroom.media.probe import real_video
from cutroom.media.source import not_video, open_source, packets, reading, shown

_REPORT_PACKETS = 1024


def count_gops(path: Path, on_progress: Callable[[float], None] | None = None) -> GopFacts:
    """Demux the picture of `path` to its end; `on_progress` receives the share of the file that was read, 0 to 1.

    Raises CutroomError as `open_source` does, and media.damaged when the packets cannot be read to the end.
    """
    with open_source(path, buffer_bytes=1 << 20) as container, reading(path):
        stream = real_video(container)
        if stream is None:
            raise not_video(path)
        counter, size = GopCounter(stream), max(1, container.size)
        for number, packet in enumerate(packets(container, stream)):
            counter.take(packet)
            if on_progress is not None and not number % _REPORT_PACKETS and packet.pos is not None:
                on_progress(min(1.0, packet.pos / size))
    facts = counter.facts()
    if facts is None:
        raise CutroomError("media.damaged", f"{shown(path)} holds no frame that is shown.")
    return facts
