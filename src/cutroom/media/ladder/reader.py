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
from cutroom.media.ladder.damage import Damage, Holes
from cutroom.media.ladder.stamps import StampSorter
from cutroom.media.source import shown

MAX_SOUND_TRACKS = 8
_MAX_FAILURES = 64  # demuxer errors without a packet between them before the rest is given up


class Reader:
    """The packets of the chosen streams and the frames of the video among them."""

    def __init__(
        self,
        path: Path,
        container: InputContainer,
        *,
        threads: int,
        picture: bool = True,
        sound: bool = True,
        texts: Sequence[Stream] = (),
    ) -> None:
        """`threads`: of the video decoder; 0 is one a core. `texts` are read too, what is not wanted is passed over."""
        moving = (stream for stream in container.streams.video if _is_moving(stream))
        self.video = next(moving, None) if picture else None
        self.audio: list[AudioStream] = [
            stream for stream in container.streams.audio if stream.codec_context and stream.codec_context.sample_rate
        ][: MAX_SOUND_TRACKS if sound else 0]
        self.left_out = len(container.streams.audio) - len(self.audio) if sound else 0
        self.unknown_picture = self.video is None and any(one.codec_context is None for one in container.streams.video)
        self.damaged = 0
        self.damage = Damage()
        self.path = path
        self._texts = texts
        self._holes = Holes(self.damage)
        self._sorter = None
        if self.video is not None and container.format.name == "avi":
            self._sorter = StampSorter(self.video.start_time)
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
        return [*([self.video] if self.video is not None else []), *self.audio, *self._texts]

    def packets(self) -> Iterator[Packet[Any]]:
        """Every packet that holds something, in file order."""
        failures = 0
        while failures < _MAX_FAILURES:
            try:
                for packet in self._container.demux(*self.streams):
                    if packet.size:
                        failures = 0
                        self._notice(packet)
                        yield packet
            except (NothingMore, IndexError):  # IndexError: see `source.packets`
                return
            except FFmpegError:
                failures += 1
                self.damaged += 1
            except OSError as error:  # from the file itself
                raise unreadable(self.path, error) from error
            else:
                return

    def _notice(self, packet: Packet[Any]) -> None:
        if self.video is not None and packet.stream_index == self.video.index:
            self._holes.picture(packet)
        elif packet.stream.type == "audio":
            self._holes.sound(packet)

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
            self._count(packet)
        try:
            for frame in self.video.codec_context.decode(packet):
                if frame.is_corrupt and frame.pts is not None and frame.time_base:
                    self.damage.add(frame.pts * frame.time_base)
                yield frame
        except NothingMore:
            return
        except FFmpegError:
            self._count(packet)

    def _count(self, packet: Packet[Any] | None) -> None:
        self.damaged += 1
        at = None if packet is None else packet.pts if packet.pts is not None else packet.dts
        if packet is not None and at is not None:
            self.damage.add(at * packet.time_base)


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
