"""What else comes out of the same decode: the sprite sheet of the smallest rung and the peaks of the first sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from cutroom.media.ladder.publish import make_folder, storage_error
from cutroom.media.peaks import PeaksDetail, PeaksSink
from cutroom.media.sprite import SpriteDetail, SpriteSink


class Extras:
    """Watches pictures in one thread and listens to sound in another; its files appear when it is finished."""

    def __init__(self, folder: Path, duration: Fraction | None) -> None:
        """`duration` in seconds, as declared, decides how far the sprite's tiles are apart."""
        self._folder = make_folder(folder)
        self._sprite = SpriteSink(folder, duration)
        self._peaks: PeaksSink | None = None

    def watch(self, frame: VideoFrame) -> None:
        """Take a picture whose pts counts from the ladder's zero."""
        if frame.pts is not None and frame.time_base is not None:
            self._sprite.add(frame, frame.pts * frame.time_base)

    def listen(self, frame: AudioFrame, origin: Fraction) -> None:
        """Take decoded sound with the source's times; `origin` of them, in seconds, is the ladder's zero."""
        with self._writing():
            if self._peaks is None:
                self._peaks = PeaksSink(self._folder, frame.sample_rate, origin)
            self._peaks.add(frame)

    def finish(self) -> tuple[SpriteDetail | None, PeaksDetail | None]:
        """Write the files."""
        with self._writing():
            return self._sprite.finish(), self._peaks.finish() if self._peaks is not None else None

    def discard(self) -> None:
        """Leave nothing half-written behind."""
        if self._peaks is not None:
            self._peaks.discard()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise storage_error(self._folder / "previews", error) from error
