"""All sound and subtitles of a ladder in a pass of their own, which overtakes the picture by far."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from cutroom.media.ladder.lane import Failure, Stopped
from cutroom.media.ladder.outline import Outline
from cutroom.media.ladder.publish import make_folder, publish_once, replace
from cutroom.media.ladder.reader import Reader
from cutroom.media.ladder.result import Texted
from cutroom.media.ladder.sounds import Sounds
from cutroom.media.ladder.text_track import SUBTITLES
from cutroom.media.ladder.texts import Texts
from cutroom.media.ladder.track import Track
from cutroom.media.source import open_source

Report = Callable[[dict[str, Any]], None]

TEXTED = "texted.json"
"""File, in the folder of subtitles, that says which there are."""
WHOLE_TEXT = "whole.vtt"
"""File, in the folder of a subtitle track, with all its cues."""
_BUFFER_BYTES = 1 << 14
_REPORT_PACKETS = 500


def encode_sound(source: Path, outline: Outline, *, segments: Path, playlists: Path, report: Report) -> int:
    """Make every sound and subtitle rendition, as the pass that makes the whole ladder would; returns damaged packets.

    What `assemble` has to know of the subtitles is left in `segments`. `playlists` takes `audio-0.m3u8` and so on as
    they grow. Raises CutroomError: what `open_source` raises, storage.full, storage.failed.
    """
    failure = Failure()
    # Sound lies in small pieces between the pictures: a larger buffer would read those too.
    with open_source(source, buffer_bytes=_BUFFER_BYTES) as container:
        texts = Texts(
            container, grid=outline.grid, segments=segments, playlists=make_folder(playlists), failure=failure
        )
        reader = Reader(source, container, threads=1, picture=False, texts=texts.streams)
        sounds = Sounds(reader.audio, new_track=_tracks(outline, segments, playlists), failure=failure, listen=None)
        sounds.begin(outline.origin)
        texts.begin(outline.origin)
        try:
            _feed(reader, sounds, texts, outline, report)
            sounds.close(Fraction(outline.end, outline.timescale))
            texts.close(Fraction(outline.end, outline.timescale))
        except Stopped:
            failure.check()
            raise
        except BaseException as error:
            failure.set(error)
            raise
        finally:
            for lane in (*sounds.lanes, *texts.lanes):
                while not lane.join(1):
                    pass
        failure.check()
        _keep(texts, segments)
        return reader.damaged + sounds.damaged


def _keep(texts: Texts, segments: Path) -> None:
    for track in texts.tracks:
        publish_once(track.folder / WHOLE_TEXT, track.whole())
    known = msgspec.json.encode(Texted(tracks=texts.results(), notes=texts.notes))
    replace(make_folder(segments / SUBTITLES) / TEXTED, known)


def _feed(reader: Reader, sounds: Sounds, texts: Texts, outline: Outline, report: Report) -> None:
    length = Fraction(outline.end, outline.timescale)
    for number, packet in enumerate(reader.packets()):
        (texts if packet.stream_index in texts.indexes else sounds).add(packet)
        if number % _REPORT_PACKETS == 0 and packet.pts is not None and length > 0:
            done = (packet.pts * packet.time_base - outline.origin) / length
            report({"stage": "sound", "fraction": min(0.99, max(0.0, float(done)))})


def _tracks(outline: Outline, segments: Path, playlists: Path) -> Callable[[str, str, int, bytes, int], Track]:
    def new_track(folder: str, name: str, timescale: int, init: bytes, last_ticks: int) -> Track:
        return Track(
            folder=segments / folder,
            playlist=playlists / f"{name}.m3u8",
            grid=outline.grid,
            timescale=timescale,
            init=init,
            last_ticks=last_ticks,
        )

    return new_track
