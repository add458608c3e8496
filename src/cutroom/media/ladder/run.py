"""The pass itself: one decode, a lane for each rung, one for the sound, and the playlists over them."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.ladder.clock import Timing
from cutroom.media.ladder.extras import Extras
from cutroom.media.ladder.lane import Failure, Stopped
from cutroom.media.ladder.layout import MASTER
from cutroom.media.ladder.pictures import Pictures
from cutroom.media.ladder.plan import BALANCED, Grid
from cutroom.media.ladder.publish import make_folder, publish_once, replace, sweep
from cutroom.media.ladder.reader import Reader
from cutroom.media.ladder.result import LadderResult
from cutroom.media.ladder.sheet import master
from cutroom.media.ladder.sounds import Sounds
from cutroom.media.ladder.texts import Texts
from cutroom.media.ladder.track import Track
from cutroom.media.source import damaged, open_source, shown

TIMING = "timing.json"
_PATIENCE_SEGMENTS = 4  # of every rung: then playing begins without a sound track that has not appeared yet
_REPORT_SECONDS = 0.25

Report = Callable[[dict[str, Any]], None]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to make of a source and where."""

    source: Path
    segments: Path  # folder of the immutable files
    playlists: Path  # folder of the playlists
    heights: str | tuple[int, ...] = "auto"  # "auto", "full", or lines
    quality: str = BALANCED  # a name in plan.QUALITIES
    segment_seconds: Fraction = Fraction(4)
    previews: Path | None = None  # folder of the sprite and the peaks, when they are wanted
    threads: int = 0  # of the decoder and of each encoder; 0 is as many as suit the machine


def encode_ladder(request: Request, report: Report) -> LadderResult:
    """Turn a source into an HLS ladder in one decode.

    Reports `{"event": "playable", …}` once the first segment of every rung and sound track stands under a master
    playlist, and progress as `{"fraction", "stage"}`. Segments are immutable and kept when they are there already.

    Raises CutroomError: what `open_source` raises, media.damaged when nothing decodes, media.unreadable,
    storage.full, storage.failed.
    """
    before = _identity(request.source)
    with open_source(request.source) as container:
        result = _Pass(request, container, report).run()
    if before is not None and _identity(request.source) != before:
        raise _gone(request.source)
    return result


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _gone(path: Path) -> CutroomError:
    if path.exists():
        message, code, kind = f"{shown(path)} was replaced while it was read.", "media.changed", ErrorKind.CONFLICT
    else:
        message, code, kind = f"{shown(path)} vanished while it was read.", "media.not-found", ErrorKind.NOT_FOUND
    return CutroomError(code, message, hint="Put the file back, then try again.", kind=kind)


class _Pass:
    def __init__(self, request: Request, container: InputContainer, report: Report) -> None:
        self._request = request
        self._grid = Grid(request.segment_seconds)
        self._report = report
        self._length = Fraction(container.duration or 0, 1_000_000)
        self._failure = Failure()
        self._tracks: list[Track] = []
        self._announced = False
        self._reported_at = 0.0
        make_folder(request.segments)
        sweep(make_folder(request.playlists))
        self._texts = Texts(
            container, grid=self._grid, segments=request.segments, playlists=request.playlists, failure=self._failure
        )
        self._reader = Reader(request.source, container, threads=request.threads, texts=self._texts.streams)
        self._extras = None if request.previews is None else Extras(request.previews, self._length or None)
        self._sounds = Sounds(
            self._reader.audio,
            new_track=self._track,
            failure=self._failure,
            listen=None if self._extras is None else self._extras.listen,
        )
        self._pictures = None if self._reader.video is None else self._new_pictures(self._reader.video)

    def _new_pictures(self, stream: VideoStream) -> Pictures:
        request = self._request
        return Pictures(
            stream,
            heights=request.heights,
            quality=request.quality,
            grid=self._grid,
            threads=request.threads,
            new_track=self._track,
            failure=self._failure,
            watch=None if self._extras is None else self._extras.watch,
        )

    def run(self) -> LadderResult:
        """Read the source to its end and write everything."""
        try:
            self._encode()
            return self._result()
        except BaseException:
            if self._extras is not None:
                self._extras.discard()
            raise

    def _encode(self) -> None:
        try:
            self._read()
            self._finish()
        except Stopped:
            self._failure.check()
            raise
        except BaseException as error:
            self._failure.set(error)  # the lanes end when they see it
            raise
        finally:
            self._wait()
        self._failure.check()

    def _read(self) -> None:
        video = self._reader.video
        for packet in self._reader.packets():
            if packet.stream_index in self._texts.indexes:
                self._texts.add(packet)
            elif video is not None and packet.stream_index == video.index:
                self._texts.advance(packet)
                for frame in self._reader.frames(packet):
                    self._show(frame)
            else:
                self._sounds.add(packet)
                if video is None:
                    self._sounds.begin()
            self._pulse()
        for frame in self._reader.frames(None):
            self._show(frame)

    def _show(self, frame: VideoFrame) -> None:
        assert self._pictures is not None
        self._pictures.add(frame)
        self._sounds.begin(self._pictures.clock.offset)
        self._texts.begin(self._pictures.clock.offset)

    def _finish(self) -> None:
        pictured = self._pictures is not None and bool(self._pictures.rungs)
        if not pictured:
            self._sounds.begin()
        if self._pictures is not None:
            self._pictures.close()
            self._texts.close(self._pictures.end)
        self._sounds.close(self._pictures.end if self._pictures is not None and pictured else None)

    def _wait(self) -> None:
        for lane in (
            *self._sounds.lanes,
            *self._texts.lanes,
            *(self._pictures.lanes if self._pictures is not None else ()),
        ):
            while not lane.join(0.1):
                self._pulse()
        self._pulse()

    def _pulse(self) -> None:
        """Say how far it is, and that it can be played; in the one thread that may report."""
        if self._failure.happened:
            return
        if not self._announced and self._playable():
            self._announced = True
            self._write_master(done=False)
            rungs = self._pictures.results(done=False) if self._pictures is not None else []
            self._report(
                {"event": "playable", "stage": "encoding", **self._fraction(), "rungs": msgspec.to_builtins(rungs)}
            )
        elif monotonic() - self._reported_at >= _REPORT_SECONDS:
            self._reported_at = monotonic()
            self._report({"stage": "encoding", **self._fraction()})

    def _fraction(self) -> dict[str, float]:
        rungs = [lane.track for lane in self._pictures.rungs] if self._pictures is not None else []
        behind = min((track.end for track in rungs or self._tracks), default=Fraction(0))
        return {"fraction": min(0.99, float(behind / self._length))} if self._length > 0 else {}

    def _playable(self) -> bool:
        rungs = [lane.track for lane in self._pictures.rungs] if self._pictures is not None else []
        voices = [voice.track for voice in self._sounds.voices]
        if not rungs:
            return self._reader.video is None and bool(voices) and all(track.started for track in voices)
        waited = min(len(track.segments) for track in rungs) >= _PATIENCE_SEGMENTS
        return all(track.started for track in rungs) and (
            waited or (all(track.started for track in voices) and self._texts.started)
        )

    def _write_master(self, *, done: bool) -> None:
        rungs = self._pictures.results(done=done) if self._pictures is not None else []
        audio = [voice.result(self._grid.target_seconds, done=done) for voice in self._sounds.heard]
        replace(self._request.playlists / MASTER, master(rungs, audio, self._texts.results()))

    def _result(self) -> LadderResult:
        timing = self._timing()
        if timing is None and not self._sounds.heard:
            raise damaged(self._request.source, ValueError("nothing in it decodes"))
        sprite, peaks = self._extras.finish() if self._extras is not None else (None, None)
        self._write_master(done=True)
        rungs = self._pictures.results(done=True) if self._pictures is not None else []
        lengths = [track.end for track in self._tracks]
        duration = Fraction(timing.end) * Fraction(timing.time_base) if timing is not None else max(lengths)
        return LadderResult(
            master=MASTER,
            rungs=rungs,
            audio=[voice.result(self._grid.target_seconds, done=True) for voice in self._sounds.heard],
            frames=timing.frames if timing is not None else 0,
            timing=timing,
            duration=str(duration),
            bytes=sum(track.bytes for track in self._tracks),
            segments=sum(len(track.segments) for track in self._tracks),
            damaged_packets=self._reader.damaged + self._sounds.damaged,
            notes=self._notes(timing),
            subtitles=self._texts.results(),
            sprite=sprite,
            peaks=peaks,
        )

    def _timing(self) -> Timing | None:
        if self._pictures is None or not self._pictures.rungs:
            return None
        clock = self._pictures.clock
        timing = clock.timing(pts_file=TIMING)
        if timing.pts is not None:
            publish_once(self._request.segments / timing.pts, timing_file(timing, clock.times))
        return timing

    def _notes(self, timing: Timing | None) -> list[str]:
        notes = self._pictures.notes if self._pictures is not None else []
        notes += self._texts.notes
        if self._reader.left_out:
            notes.append(f"{self._reader.left_out} sound tracks were left out.")
        if self._reader.video is not None and timing is None:
            notes.append("No picture decodes; the proxy holds the sound alone.")
        if self._reader.unknown_picture:
            notes.append("The picture is in a coding that is not known here; the proxy holds the sound alone.")
        if timing is not None and (where := self._reader.damage.note(Fraction(timing.offset))) is not None:
            notes.append(where)
        if timing is not None and timing.mended:
            notes.append(f"{timing.mended} time stamps were absent or went back and were mended.")
        return notes

    def _track(self, folder: str, name: str, timescale: int, init: bytes, last_ticks: int) -> Track:
        track = Track(
            folder=self._request.segments / folder,
            playlist=self._request.playlists / f"{name}.m3u8",
            grid=self._grid,
            timescale=timescale,
            init=init,
            last_ticks=last_ticks,
        )
        self._tracks.append(track)
        return track


def timing_file(timing: Timing, times: array[int]) -> bytes:
    """JSON with the time of every frame, in units of `time_base`."""
    return msgspec.json.encode(
        {"time_base": timing.time_base, "rate": timing.rate, "end": timing.end, "pts": times.tolist()}
    )
