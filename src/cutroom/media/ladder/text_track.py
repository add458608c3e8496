"""One subtitle track: cues decoded from packets, and the segments and playlist that they make."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle

from cutroom.media.hls import Segment, media_playlist
from cutroom.media.ladder.plan import Grid
from cutroom.media.ladder.publish import make_folder, publish_once, replace
from cutroom.media.ladder.result import SubtitleResult
from cutroom.media.webvtt import Cue, cue_text, webvtt

SUBTITLES = "subtitles"
"""Folder of the segments, one folder in it a track."""
_UNKNOWN_SECONDS = 5  # how long a subtitle stays that does not say
_LONGEST_SECONDS = 3600  # a longer one is a broken duration


def text_name(number: int) -> str:
    """The file name of a segment of subtitles."""
    return f"{number:05d}.vtt"


class TextTrack:
    """Cues wait until every segment that they reach into is written."""

    def __init__(
        self,
        index: int,
        stream: SubtitleStream,
        taken: set[str],
        *,
        origin: Fraction,
        grid: Grid,
        segments: Path,
        playlists: Path,
    ) -> None:
        """`origin`, in seconds of the source, is the ladder's zero; `taken` are the names of earlier tracks."""
        self.index = index
        self.playlist = f"subtitles-{index}"
        self.damaged = 0
        self._stream = stream
        language = stream.language
        self.language = language if language not in (None, "", "und") else None
        title = stream.metadata.get("title") or self.language or "Subtitles"
        self.name = title if title not in taken else f"{title} {index + 1}"
        self._origin = origin
        self._grid = grid
        self.folder = make_folder(segments / SUBTITLES / str(index))
        self._playlists = playlists
        self._root = os.path.relpath(self.folder, playlists).replace(os.sep, "/")
        self._cues: list[Cue] = []  # all of them: an hour of talk is 100 kB
        self._waiting: list[Cue] = []
        self._segments: list[Segment] = []
        self._listed = False

    @property
    def started(self) -> bool:
        """Whether its first segment stands and a playlist names it."""
        return self._listed

    def add(self, packet: Packet[Any]) -> None:
        """Take the next packet."""
        if packet.pts is None:
            return
        try:
            found = self._stream.decode2(packet)
        except FFmpegError:
            self.damaged += 1
            return
        start = packet.pts * packet.time_base - self._origin
        seconds = (packet.duration or 0) * packet.time_base
        if seconds <= 0 and found is not None and 0 < found.end_display_time < 1000 * _LONGEST_SECONDS:
            seconds = Fraction(found.end_display_time, 1000)
        end = start + (seconds if 0 < seconds <= _LONGEST_SECONDS else _UNKNOWN_SECONDS)
        for rect in found or ():
            if isinstance(rect, AssSubtitle) and end > 0:
                self._cue(rect, max(Fraction(0), start), end)

    def _cue(self, rect: AssSubtitle, start: Fraction, end: Fraction) -> None:
        event = rect.ass.decode("utf-8", "replace")
        text, top = cue_text(event.split(",", 8)[-1] if event else rect.text.decode("utf-8", "replace"))
        if text:
            cue = Cue(start=start, end=end, text=text, top=top)
            self._cues.append(cue)
            self._waiting.append(cue)

    def advance(self, until: Fraction) -> None:
        """Write every segment that ends at or before this time of the source, in seconds."""
        while self._grid.start(len(self._segments) + 1) <= until - self._origin:
            self._write(self._grid.start(len(self._segments) + 1))
            self._list(ended=False)

    def finish(self, end: Fraction) -> None:
        """Write what is left, up to where the picture ends."""
        while self._grid.start(len(self._segments)) < end:
            self._write(min(end, self._grid.start(len(self._segments) + 1)))
        self._list(ended=True)

    def whole(self) -> bytes:
        """All cues as one file."""
        return webvtt(sorted(self._cues, key=lambda cue: cue.start)).encode()

    def result(self) -> SubtitleResult:
        """What became of it."""
        return SubtitleResult(
            index=self.index,
            stream=self._stream.index,
            name=self.name,
            language=self.language,
            forced=bool(self._stream.disposition & Disposition.forced),
            cues=len(self._cues),
        )

    def _write(self, end: Fraction) -> None:
        """The next segment: cues that reach into it, and those that came too late for an earlier one."""
        number = len(self._segments)
        shown = sorted((cue for cue in self._waiting if cue.start < end), key=lambda cue: cue.start)
        name = text_name(number)
        size = publish_once(self.folder / name, webvtt(shown, mapped=True).encode())
        seconds = end - self._grid.start(number)
        self._segments.append(Segment(uri=f"{self._root}/{name}", seconds=seconds, size_bytes=size))
        self._waiting = [cue for cue in self._waiting if cue.end > end]

    def _list(self, *, ended: bool) -> None:
        text = media_playlist(self._segments, init_uri=None, target_seconds=self._grid.target_seconds, ended=ended)
        replace(self._playlists / f"{self.playlist}.m3u8", text.encode())
        self._listed = True
