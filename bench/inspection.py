"""Inspection: false alarms, damage found in each family, and CPU, against three peers that run in turn with it.

The peers are `ffmpeg -v error` (everything decoded, exit code and lines), what `ffprobe` does (opening, any line), and
decoding the first ten seconds with whatever raises. Healthy files come from `bench.corpus` and `bench.quirks`; every
shape of the corpus gets every kind of damage that applies to it, with one seed. A file counts as found when its
verdict is anything but healthy or note; for the peers, lines about timestamps do not count, since they are printed
about sound files too.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench import corpus
from bench.harness import ROOT, Claim, Contender, alternate, cutroom, ffmpeg, ratio
from bench.media import footage
from bench.quirks import QUIRKS, quirky_files

SEED = 1
PEER = "ffmpeg -v error"
PROBE, FIRST = "ffprobe", "first 10 s decoded"
MODES = ("quick", "standard", "deep")
_PARTS = 3  # the damaged files are judged in so many turns
_TIMESTAMPS = re.compile(r"DTS|monoton|At least one output file", re.IGNORECASE)
_EXTENSIONS = {shape.extension for shape in corpus.SHAPES} | {name.rpartition(".")[2] for name in QUIRKS}

Say = Callable[[str], None]
Found = dict[str, bool]
"""Whether each file, by name, was found damaged."""


def claims(*, rounds: int, say: Say) -> list[Claim]:
    """Make the files, judge them in six ways, and time tiny files and a minute of 1080p."""
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        healthy, damaged = Path(name, "healthy"), Path(name, "damaged")
        say("making the corpus …")
        shapes = [path for _, path in corpus.healthy_corpus(healthy)]
        count = damage(shapes, damaged)
        quirks = sum(1 for _ in quirky_files(healthy))
        say(f"{len(shapes) + quirks} healthy and {count} damaged files")
        found, contenders = recall(damaged, say)
        return [
            *alarm_claims(healthy, say),
            *recall_claims(found),
            *corpus_cost_claims(contenders),
            *tiny_claims(shapes, Path(name, "tiny"), rounds, say),
            *cost_claims(rounds, say),
        ]


def damage(shapes: list[Path], target: Path) -> int:
    """Write every kind of damage to every shape, spread over the turns; how many files that gave."""
    count = 0
    for source in sorted(shapes):
        for kind in corpus.DAMAGE:
            data = corpus.damaged(source.read_bytes(), kind, SEED)
            if data is not None:
                folder = target / str(count % _PARTS)
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{source.stem}.{kind}{source.suffix}").write_bytes(data)
                count += 1
    return count


def alarm_claims(healthy: Path, say: Say) -> list[Claim]:
    """Healthy files that are called corrupt, and those called anything but healthy, in percent."""
    made = []
    for mode in ("standard", "deep"):
        say(f"healthy files, {mode} …")
        statuses = Counter(verdicts(healthy, mode).values())
        total = statuses.total()
        corrupt = statuses.total() - sum(statuses[good] for good in ("healthy", "note", "suspect"))
        doubted = 100 * statuses["suspect"] / total
        made.append(_claim(f"called corrupt, {mode}", 100 * corrupt / total, "<= 0", corrupt == 0, f"of {total}"))
        made.append(_claim(f"called suspect, {mode}", doubted, "<= 1", doubted <= 1, f"of {total}"))
    say(f"healthy files, {PEER} …")
    alarms = sum(by_ffmpeg(healthy).values())
    return [*made, _claim(f"false alarms, {PEER}", 100 * alarms / total, "", None, f"{alarms} of {total}")]


def recall(damaged: Path, say: Say) -> tuple[dict[str, Found], list[Contender]]:
    """What each contender finds of all damaged files, a part of them in each round."""
    parts = sorted(damaged.iterdir())
    found: dict[str, Found] = {}

    def contender(name: str, look: Callable[[Path], Found]) -> Contender:
        left = iter(parts)
        return Contender(name, lambda: found.setdefault(name, {}).update(look(next(left))))

    contenders = [
        contender(PEER, by_ffmpeg),
        contender(PROBE, by_opening),
        contender(FIRST, by_first_seconds),
        *(contender(mode, partial(by_cutroom, mode=mode)) for mode in MODES),
    ]
    alternate(contenders, rounds=len(parts), say=say)
    return found, contenders


def recall_claims(found: dict[str, Found]) -> list[Claim]:
    """Damaged files that are found, in percent: all of them, those the reference sees, and by family."""
    seen = {name for name, hit in found[PEER].items() if hit}
    base = 100 * len(seen) / len(found[PEER])
    targets = {"standard": max(90.0, base), "deep": 95.0}
    made = []
    for name, hits in found.items():
        share = 100 * sum(hits.values()) / len(hits)
        also = 100 * sum(hits[one] for one in seen) / max(1, len(seen))
        note = f"{sum(hits.values())} of {len(hits)}; {also:.1f} % of what {PEER} sees"
        target = targets.get(name)
        held = None if target is None else share >= target
        made.append(_claim(f"damage found, {name}", share, f">= {target:.1f}" if target else "", held, note))
        if name == "deep":
            made.append(_claim("of what the reference sees, deep", also, ">= 100", also >= 100, ""))
    families = sorted({_family(name) for name in found[PEER]})
    for one in families:
        members = [name for name in found[PEER] if _family(name) == one]
        shares = {who: 100 * sum(hits[name] for name in members) / len(members) for who, hits in found.items()}
        note = ", ".join(f"{who} {share:.0f}" for who, share in shares.items() if who != "standard")
        made.append(_claim(f"{one}, standard", shares["standard"], "", None, f"{len(members)} files; {note}"))
    return made


def corpus_cost_claims(contenders: list[Contender]) -> list[Claim]:
    """CPU over all damaged files, whole processes, as shares of the reference's."""
    peer = contenders[0]
    return [ratio(f"CPU on damaged files, {one.name}", one, peer, of="cpu") for one in contenders[1:]]


def tiny_claims(shapes: list[Path], folder: Path, rounds: int, say: Say) -> list[Claim]:
    """Files a CPU second, start of the program included, over 600 files of three seconds at 192 × 144."""
    folder.mkdir()
    for number in range(600):
        source = shapes[number % len(shapes)]
        shutil.copy(source, folder / f"{number}-{source.name}")
    made = []
    for mode, target in (("quick", 500.0), ("standard", 200.0)):
        one = Contender(f"tiny files, {mode}", partial(_verdicts_only, folder, mode))
        alternate([one], rounds=rounds, say=say)
        speeds = sorted(600 / figure.cpu for figure in one.figures)
        value, runs = round(speeds[len(speeds) // 2], 1), [round(speed, 1) for speed in speeds]
        made.append(Claim(name=one.name, value=value, unit="files a CPU second", target=f">= {target:g}",
                          held=value >= target, runs=runs, peer=""))  # fmt: skip
    return made


def cost_claims(rounds: int, say: Say) -> list[Claim]:
    """CPU of a minute of 1080p against the reference, whole processes."""
    source = footage(say)

    def inspecting(mode: str) -> Contender:
        command = cutroom("inspect", source, "--mode", mode, "--no-database")
        return Contender(f"cutroom inspect, {mode}", lambda: _quiet(command))

    binary = ffmpeg()
    peer = Contender(PEER, lambda: _quiet([binary, "-v", "error", "-i", source, "-f", "null", "-"]))
    standard, deep = inspecting("standard"), inspecting("deep")
    alternate([peer, standard, deep], rounds=rounds, say=say)
    return [
        ratio("standard at 1080p", standard, peer, of="cpu", target=0.1),
        ratio("deep at 1080p", deep, peer, of="cpu", target=1.0),
    ]


def verdicts(folder: Path, mode: str) -> dict[str, str]:
    """The status of each file of a folder, by name."""
    command = cutroom(
        "inspect", folder, "--mode", mode, "--format", "jsonl", "--ext", ",".join(sorted(_EXTENSIONS)), "--no-database"
    )
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if len(rows) != sum(1 for _ in folder.iterdir()):
        sys.exit(f"{len(rows)} rows for {folder}: {done.stderr[-400:]}")
    return {Path(row["path"]).name: row["status"] for row in rows}


def by_cutroom(folder: Path, mode: str) -> Found:
    """Files whose verdict is anything but healthy or note."""
    return {name: status not in ("healthy", "note") for name, status in verdicts(folder, mode).items()}


def by_ffmpeg(folder: Path) -> Found:
    """Files about which the reference prints anything or fails while it decodes them whole."""
    return _by_lines(folder, ["-map", "0:v?", "-map", "0:a?", "-f", "null", "-"], exit_counts=True)


def by_opening(folder: Path) -> Found:
    """Files about which something is printed while they are opened, as `ffprobe` opens them."""
    return _by_lines(folder, [], exit_counts=False)


def by_first_seconds(folder: Path) -> Found:
    """Files whose first ten seconds do not decode without an exception."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.first_seconds", str(folder)], capture_output=True, cwd=ROOT, check=True
    )
    found: Found = json.loads(done.stdout)
    return found


def _by_lines(folder: Path, rest: list[str], *, exit_counts: bool) -> Found:
    binary = ffmpeg()

    def one(path: Path) -> tuple[str, bool]:
        command = [binary, "-v", "error", "-threads", "1", "-i", str(path), *rest]
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, text=True, errors="replace")
        lines = [line for line in done.stderr.splitlines() if line.strip() and not _TIMESTAMPS.search(line)]
        return path.name, bool(lines) or (exit_counts and done.returncode != 0)

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(one, sorted(folder.iterdir())))


def _family(name: str) -> str:
    return corpus.family(name.split(".")[1])


def _quiet(command: list[object]) -> None:
    subprocess.run([str(word) for word in command], capture_output=True, check=False)


def _verdicts_only(folder: Path, mode: str) -> None:
    verdicts(folder, mode)


def _claim(name: str, value: float, target: str, held: bool | None, note: str) -> Claim:
    value = round(value, 1)
    return Claim(name=name, value=value, unit="%", target=target, held=held, runs=[value], peer=PEER, note=note)
