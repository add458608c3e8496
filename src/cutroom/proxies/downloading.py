"""The work of downloads, run in a bounded child: sound out of a file, and the table of a rung's MP4."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cutroom.media.audio_extract import extract_audio
from cutroom.media.audio_plan import AudioPlan
from cutroom.media.counting import count_gops
from cutroom.media.facts import GopFacts
from cutroom.media.hls import playlist_files, rendition_uris
from cutroom.media.ladder.publish import make_folder, publish_once
from cutroom.media.progressive import join_tracks
from cutroom.media.progressive_track import TrackFiles

Report = Callable[[dict[str, Any]], None]


def stream_audio(*, report: Report, source: str, plan: dict[str, Any], output: str) -> None:
    """Write the sound track that `plan` (an `AudioPlan` as plain values) names to `output`, a file or a pipe."""

    def on_progress(share: float) -> None:
        report({"fraction": share, "stage": "sound"})

    with Path(output).open("wb", buffering=0) as file:
        extract_audio(Path(source), msgspec.convert(plan, AudioPlan), _Whole(file.fileno()), on_progress)


def join_rung(*, report: Report, folder: str, master: str, height: int, index: str) -> None:
    """Compute the MP4 of one rung with all its sound and keep it, without the coded frames, as the file `index`.

    `master` is the master playlist in the ladder's `folder`, to which the names of segments become relative.
    """
    report({"fraction": 0.0, "stage": "joining"})
    root, playlists = Path(folder), Path(master).parent
    sounds = rendition_uris(Path(master).read_text(encoding="utf-8"))
    tracks = [_track(root, playlists / name) for name in (f"{height}.m3u8", *sounds)]
    joined = join_tracks(root, tracks)
    make_folder(Path(index).parent)
    publish_once(Path(index), msgspec.msgpack.encode(joined))


def _track(root: Path, playlist: Path) -> TrackFiles:
    init, segments = playlist_files(playlist.read_text(encoding="utf-8"))

    def named(uri: str) -> str:
        return (playlist.parent / uri).resolve().relative_to(root.resolve()).as_posix()

    return TrackFiles(init=named(init), segments=[named(uri) for uri in segments])


class _Whole:
    """A descriptor that takes all of what is written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> int:
        """Write all of it; a reader that has gone is a BrokenPipeError."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]
        return len(data)


def count_pictures(*, report: Report, path: str) -> GopFacts:
    """Frames and groups of pictures by a walk over every packet; raises what `media.counting.count_gops` raises."""
    report({"fraction": 0.0, "stage": "counting"})
    return count_gops(Path(path), lambda share: report({"fraction": share, "stage": "counting"}))
