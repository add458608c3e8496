"""What every bench shares: timing of whole processes in alternation, medians, and the shape of a claim."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it every start compiles its modules anew, ours and the peers'


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One promise and what was measured. `value` is the median of `runs`, which are in the same unit."""

    name: str
    value: float
    unit: str
    target: str  # "<= 3.2"; empty when the figure is only reported
    held: bool | None
    runs: list[float]
    peer: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What one run of one contender took."""

    wall: float  # seconds
    cpu: float  # seconds, user and system, of the whole process tree


@dataclass
class Contender:
    """Something to time: its name, one run of it, and the figures so far."""

    name: str
    once: Callable[[], None]
    figures: list[Figure] = field(default_factory=list)


def alternate(contenders: Sequence[Contender], *, rounds: int, say: Callable[[str], None]) -> None:
    """Run every contender once a round, in turn, so that a drifting machine is fair to all."""
    for number in range(1, rounds + 1):
        for contender in contenders:
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            contender.once()
            wall = time.monotonic() - started
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            contender.figures.append(Figure(wall=wall, cpu=cpu))
            say(f"round {number}/{rounds}  {contender.name}: {wall:.2f} s wall, {cpu:.2f} s CPU")


def ratio(
    name: str, ours: Contender, peer: Contender, *, of: str, target: float | None = None, note: str = ""
) -> Claim:
    """The claim that ours costs at most `target` times the peer's, round by round; `of` is "wall" or "cpu"."""
    pairs = zip(ours.figures, peer.figures, strict=True)
    runs = [getattr(mine, of) / getattr(theirs, of) for mine, theirs in pairs]
    value = statistics.median(runs)
    mine, theirs = (statistics.median(getattr(figure, of) for figure in one.figures) for one in (ours, peer))
    return Claim(
        name=name,
        value=round(value, 3),
        unit=f"x ({of})",
        target="" if target is None else f"<= {target}",
        held=None if target is None else value <= target,
        runs=[round(run, 3) for run in runs],
        peer=peer.name,
        note=note or f"{mine:.2f} s against {theirs:.2f} s {of}, medians",
    )


def run(command: Sequence[object], **options: Any) -> None:
    """Run a command to its end, silently; raise with what it said when it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stderr[-600:]}")


def fresh(folder: Path, once: Callable[[Path], None]) -> None:
    """Run into an empty folder, so that nothing made before is found again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    once(folder)


def cutroom(*arguments: object) -> list[object]:
    """The command line of this checkout's `cutroom`."""
    return [sys.executable, "-m", "cutroom", *arguments]


def ffmpeg() -> str:
    """A recent FFmpeg for peers, from the imageio-ffmpeg wheel; the product itself needs none."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


DECODE_SECONDS = 7.2
"""What decoding the minute of 1080p alone took on the machine that aims in seconds were set on."""


def decoding(source: Path) -> float:
    """Seconds that it takes here and now: aims in seconds mean little on a machine that is slower or shared."""
    started = time.monotonic()
    run([ffmpeg(), "-v", "error", "-i", source, "-map", "0:v", "-f", "null", "-"])
    return time.monotonic() - started


def waits(name: str, runs: list[float], floors: list[float], value: float, most: float, note: str = "") -> list[Claim]:
    """A wait in seconds, and as a share of decoding the minute alone (`floors`) on the same machine."""
    floor = statistics.median(floors)
    share, aim = value / floor, round(most / DECODE_SECONDS, 2)
    same = f"{most} s on a machine that decodes the minute in {DECODE_SECONDS} s; {floor:.1f} s here"
    return [
        Claim(
            name=name,
            value=round(value, 3),
            unit="s",
            target=f"<= {most}",
            held=value <= most,
            runs=[round(one, 3) for one in runs],
            peer="",
            note=note,
        ),
        Claim(
            name=f"{name} / decoding a minute alone",
            value=round(share, 3),
            unit="x (wall)",
            target=f"<= {aim}",
            held=share <= aim,
            runs=[round(one / floor, 3) for one in runs],
            peer="ffmpeg, decoding and nothing else",
            note=same,
        ),
    ]


def _pace() -> float:
    """Nanoseconds of one turn of a plain loop: how fast Python is here and now."""
    started = time.process_time()
    for _ in range(1_000_000):
        pass
    return round((time.process_time() - started) * 1e3, 1)


def machine() -> dict[str, Any]:
    """Where the figures were taken."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "pace": _pace(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "system": platform.system(),
        "python": platform.python_version(),
    }


def as_documents(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """Claims as JSON objects."""
    return [asdict(claim) for claim in claims]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
