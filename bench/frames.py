"""Frames lost, doubled or moved: footage whose pictures carry their number goes through ladder, segments and cuts."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from bench.harness import Claim, cutroom, fresh, run
from cutroom.media.hls import playlist_files
from cutroom.media.ladder.outline import outline_source
from cutroom.media.ladder.segment import SegmentEncoder
from cutroom.media.ladder.whole import publish_inits
from cutroom.media.sample import make_footage, read_barcode

_SECONDS = 13
_HEIGHT = 120
_RATES = {
    "23.976": "24000/1001",
    "25": "25",
    "29.97": "30000/1001",
    "50": "50",
    "59.94": "60000/1001",
    "variable": "30",
}
_CUTS = {
    "copy": (Fraction(3), Fraction(9)),
    "smart": (Fraction(31, 10), Fraction(9)),
    "exact": (Fraction(3), Fraction(7)),
}


def frame_claims(_source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Five rates and a variable one; one round is enough, since every picture is looked at."""
    del rounds
    wrong = {}
    for name, rate in _RATES.items():
        path = scratch / f"barcode-{name}.mp4"
        make_footage(
            path, seconds=_SECONDS, rate=Fraction(rate), width=320, height=180, kind="barcode", bframes=2, gop=40,
            audio="beep", variable=name == "variable",
        )  # fmt: skip
        counts = {"ladder": _of_ladder(path, scratch), "on demand": _of_segments(path, scratch)}
        counts |= {mode: _of_cut(path, scratch, mode) for mode in _CUTS}
        wrong[name] = sum(counts.values())
        say(f"{name} frames a second: {counts}")
    note = f"{', '.join(wrong)} frames a second; ladder, segments alone, cuts in three modes"
    total = float(sum(wrong.values()))
    return [
        Claim(
            name="frames lost, doubled or moved",
            value=total,
            unit="frames",
            target="== 0",
            held=total == 0,
            runs=[float(count) for count in wrong.values()],
            peer="",
            note=note,
        )
    ]


def _times(media: Path | io.BytesIO) -> dict[int, Fraction]:
    """Every frame's number and its time since the first one. A number that comes twice counts as one lost."""
    with av.open(media if isinstance(media, io.BytesIO) else str(media), "r") as container:
        shown = [
            (read_barcode(one.to_ndarray(format="gray")), Fraction(one.pts or 0) * Fraction(one.time_base or 1))
            for one in container.decode(video=0)
        ]
    return {number: at - shown[0][1] for number, at in shown}


def _compare(found: dict[int, Fraction], meant: dict[int, Fraction], slack: Fraction = Fraction(1, 500)) -> int:
    moved = sum(abs(found[number] - meant[number]) > slack for number in found.keys() & meant.keys())
    return len(found.keys() ^ meant.keys()) + moved


def _of_ladder(path: Path, scratch: Path) -> int:
    out = scratch / "barcode-ladder"
    fresh(out, lambda folder: run(cutroom("proxy", path, "-o", folder, "--ladder", _HEIGHT)))
    init, names = playlist_files((out / f"{_HEIGHT}.m3u8").read_text())
    data = b"".join((out / name).read_bytes() for name in [init, *names])
    return _compare(_times(io.BytesIO(data)), _times(path))


def _of_segments(path: Path, scratch: Path) -> int:
    out = scratch / "barcode-alone"

    def encode(folder: Path) -> None:
        found = outline_source(path, heights=(_HEIGHT,))
        assert found is not None
        publish_inits(found[0], folder)
        with SegmentEncoder(path, found[0], folder) as encoder:
            for cell in reversed(found[0].cells):
                encoder.encode([cell.index], [str(_HEIGHT)])

    fresh(out, encode)
    names = ["init.mp4", *sorted(one.name for one in (out / str(_HEIGHT)).glob("*.m4s"))]
    data = b"".join((out / str(_HEIGHT) / name).read_bytes() for name in names)
    return _compare(_times(io.BytesIO(data)), _times(path))


def _of_cut(path: Path, scratch: Path, mode: str) -> int:
    source = _times(path)
    start, end = (sum(at < edge for at in source.values()) for edge in _CUTS[mode])
    out = scratch / "barcode-cut.mp4"
    out.unlink(missing_ok=True)
    run(cutroom("clip", path, "--in", f"{start}f", "--out", f"{end}f", "--mode", mode, "-o", out))
    found, wanted = _times(out), set(range(start, end))
    first, last = min(found), max(found)
    meant = {number: at - source[first] for number, at in source.items() if first <= number <= last}
    missing = len(wanted - found.keys()) if mode == "copy" else len(wanted ^ found.keys())
    return _compare(found, meant) + missing
