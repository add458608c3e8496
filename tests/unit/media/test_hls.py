"""Playlists as text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.media.hls import (
    Rendition,
    Segment,
    Variant,
    average_bandwidth,
    master_playlist,
    media_playlist,
    peak_bandwidth,
)


def segment(seconds: str, size: int = 1000, uri: str = "a.m4s") -> Segment:
    return Segment(uri=uri, seconds=Fraction(seconds), size_bytes=size)


def test_an_event_playlist_grows_into_a_vod() -> None:
    first = media_playlist([segment("2002/1000")], init_uri="720/init.mp4", target_seconds=4, ended=False)
    assert first == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:EVENT\n"
        '#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI="720/init.mp4"\n#EXTINF:2.002000,\na.m4s\n'
    )
    done = media_playlist([segment("2002/1000")], init_uri="720/init.mp4", target_seconds=4, ended=True)
    assert done == first.replace("EVENT", "VOD") + "#EXT-X-ENDLIST\n"


def test_a_long_still_raises_the_target() -> None:
    assert "TARGETDURATION:12\n" in media_playlist([segment("11.5")], init_uri="i", target_seconds=4, ended=True)
    assert "TARGETDURATION:4\n" in media_playlist([segment("4.499")], init_uri="i", target_seconds=4, ended=True)


def test_a_master_names_sizes_rates_and_sound() -> None:
    variant = Variant(
        uri="720.m3u8",
        bandwidth=4_000_000,
        average_bandwidth=1_500_000,
        codecs="avc1.64001f,mp4a.40.2",
        width=1280,
        height=720,
        frame_rate=Fraction(30000, 1001),
        audio="audio",
    )
    sound = Rendition(uri="audio-0.m3u8", group="audio", name='Di"rector\n', language="eng", default=True, channels=2)
    assert master_playlist([variant], [sound]).splitlines()[3:] == [
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Director",LANGUAGE="eng",DEFAULT=YES,AUTOSELECT=YES,'
        'CHANNELS="2",URI="audio-0.m3u8"',
        '#EXT-X-STREAM-INF:BANDWIDTH=4000000,AVERAGE-BANDWIDTH=1500000,CODECS="avc1.64001f,mp4a.40.2",'
        'RESOLUTION=1280x720,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO="audio"',
        "720.m3u8",
    ]


def test_bandwidths_of_even_segments() -> None:
    segments = [segment("4", 500_000)] * 5
    assert peak_bandwidth(segments, 4) == average_bandwidth(segments) == 1_000_000


def test_a_short_tail_counts_with_its_neighbours() -> None:
    segments = [segment("4", 500_000), segment("0.1", 50_000)]
    assert 1_000_000 < peak_bandwidth(segments, 4) < 1_100_000
    assert peak_bandwidth(segments[1:], 4) == 4_000_000
    assert peak_bandwidth([], 4) == 0


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 10**6)), max_size=12))
def test_no_run_is_denser_than_the_peak(rows: list[tuple[int, int]]) -> None:
    segments = [Segment(uri="", seconds=Fraction(hundredths, 100), size_bytes=size) for hundredths, size in rows]
    peak = peak_bandwidth(segments, 4)
    densities = [
        Fraction(8 * sum(s.size_bytes for s in segments[first:last])) / sum(s.seconds for s in segments[first:last])
        for first in range(len(segments))
        for last in range(first + 1, len(segments) + 1)
        if 2 <= sum(s.seconds for s in segments[first:last]) <= 6
    ]
    if densities:
        assert peak == pytest.approx(float(max(densities)), abs=1)
