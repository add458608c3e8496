"""Reading a finished ladder back, as a player would: from its playlists, byte by byte."""

from __future__ import annotations

import io
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from cutroom.media import boxes
from cutroom.media.ladder.result import LadderResult
from cutroom.media.ladder.run import Request, encode_ladder
from cutroom.media.sample import read_barcode


class Made:
    """A ladder made for a test."""

    def __init__(self, result: LadderResult, folder: Path, events: list[dict[str, Any]]) -> None:
        self.result = result
        self.folder = folder
        self.events = events

    def uris(self, playlist: str) -> list[str]:
        """Init segment and segments that a media playlist names, in order."""
        text = (self.folder / playlist).read_text()
        init = re.search(r'#EXT-X-MAP:URI="([^"]+)"', text)
        assert init
        return [init[1], *(line for line in text.splitlines() if line and not line.startswith("#"))]

    def seconds(self, playlist: str) -> list[float]:
        """EXTINF of every segment."""
        return [float(value) for value in re.findall(r"#EXTINF:([0-9.]+)", (self.folder / playlist).read_text())]

    def data(self, playlist: str) -> bytes:
        """All bytes that a player loads for a media playlist."""
        return b"".join((self.folder / uri).read_bytes() for uri in self.uris(playlist))

    def frames(self, height: int) -> list[tuple[int, Fraction]]:
        """Bar code and time of every frame of a rung, by decoding it."""
        with av.open(io.BytesIO(self.data(f"{height}.m3u8"))) as container:
            return [(number_in(frame), frame.pts * frame.time_base) for frame in container.decode(video=0)]

    def times(self, playlist: str) -> list[tuple[int, int]]:
        """Time and duration of every sample of a track, in ticks, from its boxes alone."""
        found = []
        for uri in self.uris(playlist)[1:]:
            data = (self.folder / uri).read_bytes()
            (traf,) = boxes.find(data, b"moof", b"traf")
            time = boxes.decode_time(data, traf)
            assert time is not None
            for run in boxes.track_runs(data, traf):
                assert not any(run.offsets)
                for duration in run.durations:
                    found.append((time, duration))
                    time += duration
        return found

    def timescale(self, playlist: str) -> int:
        scale = boxes.timescale((self.folder / self.uris(playlist)[0]).read_bytes())
        assert scale
        return scale

    def samples(self, index: int = 0) -> tuple[np.ndarray, int]:
        """Decoded sound of a rendition placed by its time stamps from the ladder's zero, and its rate."""
        with av.open(io.BytesIO(self.data(f"audio-{index}.m3u8"))) as container:
            rate = container.streams.audio[0].rate
            out = np.zeros(0, np.float32)
            for frame in container.decode(audio=0):
                at = round(frame.pts * frame.time_base * rate)
                chunk = frame.to_ndarray()[0]
                if at + len(chunk) > len(out):
                    out = np.concatenate((out, np.zeros(at + len(chunk) - len(out), np.float32)))
                out[at : at + len(chunk)] = chunk
            return out, rate


def number_in(frame: av.VideoFrame) -> int:
    """The bar code of a frame, -1 when it cannot be read."""
    luma = frame.to_ndarray(format="gray")
    try:
        return read_barcode(luma)
    except ValueError:
        return -1


def make_ladder(source: Path, folder: Path, **options: Any) -> Made:
    """Encode `source` into `folder`."""
    events: list[dict[str, Any]] = []
    request = Request(source=source, segments=folder, playlists=folder, **options)
    return Made(encode_ladder(request, events.append), folder, events)
