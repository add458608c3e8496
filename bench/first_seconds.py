"""The peer of scripts that decode the beginning: ten seconds of every stream, and whatever raises counts as damage.

`python -m bench.first_seconds FOLDER` prints a JSON object of file names and whether they were found damaged.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import av
from av.subtitles.subtitle import SubtitleSet

SECONDS = 10.0


def damaged(path: Path) -> bool:
    """Whether opening or decoding the first ten seconds raises, or gives nothing."""
    frames = 0
    try:
        with av.open(str(path)) as source:
            for frame in source.decode(*source.streams.video[:1], *source.streams.audio[:1]):
                frames += 1
                if not isinstance(frame, SubtitleSet) and frame.time is not None and frame.time > SECONDS:
                    break
    except Exception:
        return True
    return frames == 0


if __name__ == "__main__":
    print(json.dumps({path.name: damaged(path) for path in sorted(Path(sys.argv[1]).iterdir())}))
