"""The master playlist of a ladder, and the figures it promises."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from cutroom.media.hls import Rendition, TextRendition, Variant, average_bandwidth, master_playlist, peak_bandwidth
from cutroom.media.ladder.plan import Rung
from cutroom.media.ladder.result import AudioResult, RungResult, SubtitleResult
from cutroom.media.ladder.sound import CopiedSound, Sound
from cutroom.media.ladder.track import Track

AAC = "mp4a.40.2"
_GROUP = "audio"
_TEXTS = "subtitles"


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One sound rendition: where it comes from, who makes it and where it goes."""

    index: int
    stream: int
    name: str
    language: str | None
    default: bool
    sound: Sound
    track: Track

    def result(self, target_seconds: int, *, done: bool) -> AudioResult:
        """Its figures: measured when `done`, expected before."""
        expected = self.sound.bit_rate * 3 // 2
        return AudioResult(
            index=self.index,
            stream=self.stream,
            name=self.name,
            language=self.language,
            default=self.default,
            channels=self.sound.channels,
            sample_rate=self.sound.rate,
            copied=isinstance(self.sound, CopiedSound),
            bandwidth=peak_bandwidth(self.track.segments, target_seconds) if done else expected,
            codecs=AAC,
        )


def rung_result(
    rung: Rung, track: Track, *, codecs: str, rate: Fraction, target_seconds: int, done: bool
) -> RungResult:
    """The figures of a rung: measured when `done`; before, the cap that its encoder holds."""
    return RungResult(
        height=rung.height,
        width=rung.width,
        bandwidth=peak_bandwidth(track.segments, target_seconds) if done else rung.peak(target_seconds),
        average_bandwidth=average_bandwidth(track.segments) if done else None,
        codecs=codecs,
        frame_rate=str(rate),
    )


def master(
    rungs: Sequence[RungResult], audio: Sequence[AudioResult], subtitles: Sequence[SubtitleResult] = ()
) -> bytes:
    """The text of the master playlist."""
    renditions = [
        Rendition(
            uri=f"audio-{track.index}.m3u8",
            group=_GROUP,
            name=track.name,
            language=track.language,
            default=track.default,
            channels=track.channels,
        )
        for track in audio
    ]
    loudest = max((track.bandwidth for track in audio), default=0)
    group = _GROUP if audio else None
    variants = [
        Variant(
            uri=f"{rung.height}.m3u8",
            bandwidth=rung.bandwidth + loudest,
            average_bandwidth=None if rung.average_bandwidth is None else rung.average_bandwidth + loudest,
            codecs=f"{rung.codecs},{AAC}" if audio else rung.codecs,
            width=rung.width,
            height=rung.height,
            frame_rate=Fraction(rung.frame_rate),
            audio=group,
            subtitles=_TEXTS if subtitles else None,
        )
        for rung in rungs
    ]
    if not variants:
        variants = [
            Variant(uri=f"audio-{track.index}.m3u8", bandwidth=track.bandwidth, average_bandwidth=None, codecs=AAC)
            for track in audio[:1]
        ]
        variants = [msgspec.structs.replace(variant, audio=group) for variant in variants]
    texts = [
        TextRendition(
            uri=f"subtitles-{text.index}.m3u8",
            group=_TEXTS,
            name=text.name,
            language=text.language,
            forced=text.forced,
        )
        for text in subtitles
        if rungs
    ]
    return master_playlist(variants, renditions, texts).encode()
