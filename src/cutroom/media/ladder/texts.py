"""The subtitles of a pass: every track of text becomes a WebVTT rendition on the ladder's grid."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from av.container import InputContainer
from av.packet import Packet
from av.subtitles.stream import SubtitleStream

from cutroom.media.ladder.lane import Failure, Lane
from cutroom.media.ladder.plan import Grid
from cutroom.media.ladder.publish import replace
from cutroom.media.ladder.result import SubtitleResult
from cutroom.media.ladder.text_track import TextTrack

MAX_TRACKS = 32
_LATE = Fraction(1, 2)  # seconds by which a subtitle may stand behind the picture in the file and keep its segment
_HELD = 10_000  # packets and moments before the first picture

Step: TypeAlias = "Packet[Any] | Fraction"


class Texts:
    """Collects subtitles as they are read, and writes a segment once the reading is safely past it.

    What goes into a segment depends on the order of the file alone, so that it is the same on every machine.
    """

    def __init__(
        self, container: InputContainer, *, grid: Grid, segments: Path, playlists: Path, failure: Failure
    ) -> None:
        """`segments` and `playlists` are the ladder's folders."""
        every = list(container.streams.subtitles)
        self.streams = [stream for stream in every if _is_text(stream)][:MAX_TRACKS]
        self.left_out = len(every) - len(self.streams)
        self.tracks: list[TextTrack] = []
        self._of = {stream.index: stream for stream in self.streams}
        self._by_stream: dict[int, TextTrack] = {}
        self._grid = grid
        self._segments = segments
        self._playlists = playlists
        self._failure = failure
        self._held: deque[Step] = deque(maxlen=_HELD)
        self._lane: Lane[Step] | None = None
        self._end: Fraction | None = None

    @property
    def indexes(self) -> frozenset[int]:
        """Of the streams that are taken."""
        return frozenset(self._of)

    @property
    def lanes(self) -> list[Lane[Any]]:
        """The lane at work, once there is one."""
        return [self._lane] if self._lane is not None else []

    @property
    def started(self) -> bool:
        """Whether a first segment of every track stands."""
        return all(track.started for track in self.tracks)

    @property
    def notes(self) -> list[str]:
        """What a person should know."""
        if not self.left_out:
            return []
        tracks = "1 subtitle track" if self.left_out == 1 else f"{self.left_out} subtitle tracks"
        return [f"Left out, for not being text: {tracks}."]

    def add(self, packet: Packet[Any]) -> None:
        """Take the next packet of any track."""
        self._put(packet)

    def advance(self, packet: Packet[Any]) -> None:
        """The reading has come to this packet of the picture."""
        if self.streams and packet.dts is not None:
            self._put(packet.dts * packet.time_base)

    def begin(self, origin: Fraction) -> None:
        """Start at this time of the source, in seconds: the ladder's zero."""
        if self._lane is not None or not self.streams:
            return
        for index, stream in enumerate(self.streams):
            taken = {track.name for track in self.tracks}
            track = TextTrack(
                index, stream, taken, origin=origin, grid=self._grid, segments=self._segments, playlists=self._playlists
            )
            self.tracks.append(track)
            self._by_stream[stream.index] = track
        self._lane = Lane("subtitles", 512, self._failure, self._handle, self._finish)
        while self._held:
            self._lane.put(self._held.popleft())

    def close(self, end: Fraction) -> None:
        """Say that there is no more, and where the picture ends."""
        self._end = end
        if self._lane is not None:
            self._lane.close()

    def results(self) -> list[SubtitleResult]:
        """The renditions that can be read."""
        return [track.result() for track in self.tracks if track.started]

    def _put(self, step: Step) -> None:
        if self._lane is not None:
            self._lane.put(step)
        else:
            self._held.append(step)

    def _handle(self, step: Step) -> None:
        if isinstance(step, Fraction):
            for track in self.tracks:
                track.advance(step - _LATE)
        else:
            self._by_stream[step.stream_index].add(step)

    def _finish(self) -> None:
        for track in self.tracks:
            track.finish(self._end or Fraction(0))
            replace(self._playlists / f"{track.playlist}.vtt", track.whole())


def _is_text(stream: SubtitleStream) -> bool:
    return stream.codec_context is not None and stream.codec_context.codec.text_sub
