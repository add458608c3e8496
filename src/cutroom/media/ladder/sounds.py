"""The sound side of a pass: the renditions of every sound track, made in one lane."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import msgspec
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from cutroom.media.ladder.fragments import Sample, audio_init
from cutroom.media.ladder.lane import Failure, Lane
from cutroom.media.ladder.sheet import Voice
from cutroom.media.ladder.sound import FRAME, CopiedSound, EncodedSound, Listen, Sound, can_copy
from cutroom.media.ladder.track import NewTrack, Track

_HELD_BYTES = 64 << 20  # of sound that may wait for the first picture; beyond it the earliest is dropped
_QUEUE = 512  # packets
_DAMAGED_SHARE = 0.25  # frames decoded for each damaged packet, at least


class Rendition(msgspec.Struct, frozen=True, kw_only=True):
    """One sound track of the ladder, as it can be told before it is made."""

    index: int
    stream: int  # of the source
    name: str
    language: str | None
    channels: int
    sample_rate: int
    copied: bool
    bit_rate: int


class Sounds:
    """Holds packets back until it is known which time of the source is the ladder's zero, then makes the renditions."""

    def __init__(
        self,
        streams: Sequence[AudioStream],
        *,
        new_track: NewTrack,
        failure: Failure,
        listen: Callable[[AudioFrame, Fraction], None] | None,
    ) -> None:
        """`listen` hears the first track as decoded, with the source's times and the one that is the ladder's zero."""
        self.voices: list[Voice] = []
        self.origin: Fraction | None = None
        self._streams = streams
        self._new_track = new_track
        self._failure = failure
        self._listen = listen
        self._voice_of: dict[int, Voice] = {}
        self._held: deque[Packet[Any]] = deque()
        self._held_bytes = 0
        self._lane: Lane[Packet[Any]] | None = None
        self._end: Fraction | None = None

    @property
    def lanes(self) -> list[Lane[Any]]:
        """The lane at work, once there is one."""
        return [self._lane] if self._lane is not None else []

    @property
    def heard(self) -> list[Voice]:
        """The renditions that hold something: noise that happens to look like a packet here and there is nothing."""
        return [
            voice
            for voice in self.voices
            if voice.track.started and voice.sound.decoded > _DAMAGED_SHARE * voice.sound.damaged
        ]

    @property
    def damaged(self) -> int:
        """Packets that did not decode."""
        return sum(voice.sound.damaged for voice in self.voices)

    def add(self, packet: Packet[Any]) -> None:
        """Take the next packet of any track."""
        if self._lane is not None:
            return self._lane.put(packet)
        self._held.append(packet)
        self._held_bytes += packet.size
        while self._held_bytes > _HELD_BYTES:
            self._held_bytes -= self._held.popleft().size
        return None

    def begin(self, origin: Fraction | None = None) -> None:
        """Start the renditions at this time of the source, in seconds; None: where the sound held back begins."""
        if self._lane is not None or not self._streams:
            return
        if origin is None:
            first = next((packet for packet in self._held if packet.pts is not None), None)
            if first is None:
                return
            origin = max(Fraction(0), (first.pts or 0) * first.time_base)
        self.origin = origin
        for stream, rendition in zip(self._streams, renditions(self._streams), strict=True):
            voice = self._voice(rendition, stream, origin)
            self.voices.append(voice)
            self._voice_of[stream.index] = voice
        self._lane = Lane("sound", _QUEUE, self._failure, self._handle, self._finish)
        while self._held:
            self._lane.put(self._held.popleft())

    def close(self, end: Fraction | None) -> None:
        """Say that there is no more sound, and where the picture ends: silence lasts until then."""
        self._end = end
        if self._lane is not None:
            self._lane.close()

    def _handle(self, packet: Packet[Any]) -> None:
        self._voice_of[packet.stream_index].sound.feed(packet)

    def _finish(self) -> None:
        for voice in self.voices:
            voice.sound.finish(None if self._end is None else int(self._end * voice.sound.rate))
            voice.track.close(None)

    def _voice(self, rendition: Rendition, stream: AudioStream, origin: Fraction) -> Voice:
        tracks: list[Track] = []

        def emit(sample: Sample) -> None:
            tracks[0].add(sample)

        def listen(frame: AudioFrame) -> None:
            if self._listen is not None:
                self._listen(frame, origin)

        sound = _sound(stream, origin, emit, listen if rendition.index == 0 else None)
        init = audio_init(
            sample_rate=sound.rate,
            channels=sound.channels,
            config=sound.config,
            bit_rate=sound.bit_rate,
            language=rendition.language,
        )
        name = f"audio/{rendition.index}", f"audio-{rendition.index}"
        tracks.append(self._new_track(*name, sound.rate, init, FRAME))
        return Voice(
            index=rendition.index,
            stream=stream.index,
            name=rendition.name,
            language=rendition.language,
            default=rendition.index == 0,
            sound=sound,
            track=tracks[0],
        )


def renditions(streams: Sequence[AudioStream]) -> list[Rendition]:
    """What each of these tracks becomes."""
    found: list[Rendition] = []
    for index, stream in enumerate(streams):
        language = stream.language if stream.language not in (None, "", "und") else None
        title = stream.metadata.get("title") or language or "Sound"
        sound = _sound(stream, Fraction(0), lambda _: None, None)
        found.append(
            Rendition(
                index=index,
                stream=stream.index,
                name=title if title not in {one.name for one in found} else f"{title} {index + 1}",
                language=language,
                channels=sound.channels,
                sample_rate=sound.rate,
                copied=isinstance(sound, CopiedSound),
                bit_rate=sound.bit_rate,
            )
        )
    return found


def _sound(stream: AudioStream, origin: Fraction, emit: Callable[[Sample], None], listen: Listen) -> Sound:
    kind = CopiedSound if can_copy(stream) else EncodedSound
    return kind(stream, origin, emit, listen)
