"""Reading a source to its end whatever is in the way: damaged packets are counted and passed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import EOFError as NothingMore
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.ladder.stamps import StampSorter
from cutroom.media.source import shown

MAX_SOUND_TRACKS = 8
_MAX_FAILURES = 64  # demuxer errors without a packet between them before the rest is given up


class Reader:
    """The packets of the chosen streams and the frames of the video among them."""

    def __init__(self, path: Path, container: InputContainer, *, threads: int) -> None:
        """`threads`: of the video decoder; 0 is one a core."""
        self.video = next((stream for stream in container.streams.video if _is_moving(stream)), None)
        self.audio: list[AudioStream] = [
            stream for stream in container.streams.audio if stream.codec_context and stream.codec_context.sample_rate
        ][:MAX_SOUND_TRACKS]
        self.left_out = len(container.streams.audio) - len(self.audio)
        self.damaged = 0
        self._path = path
        self._sorter = StampSorter() if container.format.name == "avi" else None
        self._container = container
        if self.video is not None:
            self.video.thread_type = "AUTO"
            self.video.codec_context.thread_count = threads
        wanted = {stream.index for stream in self.streams}
        for stream in container.streams:
            if stream.index not in wanted:
                stream.discard = Discard.all

    @property
    def streams(self) -> Sequence[Stream]:
        """The streams that are read."""
        return [*([self.video] if self.video is not None else []), *self.audio]

    def packets(self) -> Iterator[Packet[Any]]:
        """Every packet that holds something, in file order."""
        failures = 0
        while failures < _MAX_FAILURES:
            try:
                for packet in self._container.demux(*self.streams):
                    if packet.size:
                        failures = 0
                        yield packet
            except (NothingMore, IndexError):  # IndexError: see `source.packets`
                return
            except FFmpegError:
                failures += 1
                self.damaged += 1
            except OSError as error:  # from the file itself
                raise unreadable(self._path, error) from error
            else:
                return

    def frames(self, packet: Packet[Any] | None) -> Iterator[VideoFrame]:
        """The displayed frames that a packet of the video stream brings out; None brings out the last ones."""
        if self._sorter is None:
            yield from self._decoded(packet)
            return
        for frame in self._decoded(packet):
            yield from self._sorter.feed(frame)
        if packet is None:
            yield from self._sorter.flush()

    def _decoded(self, packet: Packet[Any] | None) -> Iterator[VideoFrame]:
        if self.video is None:
            return
        if packet is not None and packet.is_corrupt:
            self.damaged += 1
        try:
            yield from self.video.codec_context.decode(packet)
        except NothingMore:
            return
        except FFmpegError:
            self.damaged += 1


def unreadable(path: Path, error: OSError) -> CutroomError:
    """The error for a disk or a mount that gave up under way."""
    return CutroomError(
        "media.unreadable",
        f"{shown(path)} cannot be read: {error.strerror or error}.",
        hint="Check the disk or the mount.",
        kind=ErrorKind.UNAVAILABLE,
    )


def _is_moving(stream: VideoStream) -> bool:
    return stream.codec_context is not None and not stream.disposition & Disposition.attached_pic
