"""HLS playlists as text: media playlists while they grow and when they are done, and the master above them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

import msgspec

_MAP = re.compile(r'#EXT-X-MAP:URI="([^"]+)"')
_MEDIA = re.compile(r'^#EXT-X-MEDIA:.*URI="([^"]+)"', re.MULTILINE)


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One media segment as a playlist lists it."""

    uri: str  # relative to the playlist
    seconds: Fraction
    size_bytes: int


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the master that a player may choose."""

    uri: str
    bandwidth: int  # bits a second that no stretch of segments exceeds, sound included
    average_bandwidth: int | None
    codecs: str
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None
    audio: str | None = None  # group of renditions that goes with it


class Rendition(msgspec.Struct, frozen=True, kw_only=True):
    """One alternative sound track."""

    uri: str
    group: str
    name: str
    language: str | None
    default: bool
    channels: int


def media_playlist(segments: Sequence[Segment], *, init_uri: str, target_seconds: int, ended: bool) -> str:
    """A media playlist: EVENT (it only ever grows) until `ended`, then VOD.

    `target_seconds` is a floor; a longer segment (a still picture of a variable-rate source) raises it.
    """
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{target_duration(segments, target_seconds)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if ended else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{init_uri}"',
    ]
    for segment in segments:
        lines += (f"#EXTINF:{float(segment.seconds):.6f},", segment.uri)
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def playlist_files(text: str) -> tuple[str, list[str]]:
    """The init segment and the segments that a media playlist of Cutroom's own names, in order."""
    init = _MAP.search(text)
    return init[1] if init else "", [line for line in text.splitlines() if line and not line.startswith("#")]


def rendition_uris(master: str) -> list[str]:
    """The media playlists of the sound renditions that a master playlist of Cutroom's own names."""
    return [found[1] for found in _MEDIA.finditer(master)]


def target_duration(segments: Iterable[Segment], floor_seconds: int) -> int:
    """EXT-X-TARGETDURATION: no segment, rounded to whole seconds, is longer."""
    return max([floor_seconds, *(int(segment.seconds + Fraction(1, 2)) for segment in segments)])


def master_playlist(variants: Iterable[Variant], renditions: Iterable[Rendition] = ()) -> str:
    """The master playlist; variants in the order given, the first is where a player starts."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for rendition in renditions:
        fields = ["TYPE=AUDIO", f"GROUP-ID={_quoted(rendition.group)}", f"NAME={_quoted(rendition.name)}"]
        if rendition.language:
            fields.append(f"LANGUAGE={_quoted(rendition.language)}")
        fields += (
            f"DEFAULT={'YES' if rendition.default else 'NO'}",
            "AUTOSELECT=YES",
            f'CHANNELS="{rendition.channels}"',
            f"URI={_quoted(rendition.uri)}",
        )
        lines.append("#EXT-X-MEDIA:" + ",".join(fields))
    for variant in variants:
        lines += ("#EXT-X-STREAM-INF:" + ",".join(_variant_fields(variant)), variant.uri)
    return "\n".join(lines) + "\n"


def _variant_fields(variant: Variant) -> list[str]:
    fields = [f"BANDWIDTH={variant.bandwidth}"]
    if variant.average_bandwidth is not None:
        fields.append(f"AVERAGE-BANDWIDTH={variant.average_bandwidth}")
    fields.append(f"CODECS={_quoted(variant.codecs)}")
    if variant.width and variant.height:
        fields.append(f"RESOLUTION={variant.width}x{variant.height}")
    if variant.frame_rate:
        fields.append(f"FRAME-RATE={float(variant.frame_rate):.3f}")
    if variant.audio:
        fields.append(f"AUDIO={_quoted(variant.audio)}")
    return fields


def _quoted(text: str) -> str:
    """An attribute string: it can hold neither quotes nor line ends, and names come out of files."""
    return '"' + "".join(c for c in text if c.isprintable() and c != '"') + '"'


def peak_bandwidth(segments: Sequence[Segment], target_seconds: int) -> int:
    """Bits a second of the densest run of segments between 0.5 and 1.5 target durations long (RFC 8216bis, 4.4.6.2).

    A list that is shorter than half a target is taken whole.
    """
    low, high = Fraction(target_seconds, 2), Fraction(3 * target_seconds, 2)
    peak, first, seconds, size = Fraction(0), 0, Fraction(0), 0
    for segment in segments:
        seconds, size = seconds + segment.seconds, size + segment.size_bytes
        while seconds > high and segments[first] is not segment:
            seconds, size, first = seconds - segments[first].seconds, size - segments[first].size_bytes, first + 1
        run_seconds, run_size, start = seconds, size, first
        while run_seconds >= low and run_seconds > 0:
            peak = max(peak, Fraction(8 * run_size) / run_seconds)
            if segments[start] is segment:
                break
            run_seconds, run_size = run_seconds - segments[start].seconds, run_size - segments[start].size_bytes
            start += 1
    return -int(-peak // 1) if peak else average_bandwidth(segments)


def average_bandwidth(segments: Sequence[Segment]) -> int:
    """Bits a second of all segments together."""
    seconds = sum((segment.seconds for segment in segments), Fraction(0))
    return int(8 * sum(segment.size_bytes for segment in segments) / seconds) if seconds else 0
