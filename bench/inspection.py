"""Inspection: false alarms, damage found, and CPU, against `ffmpeg -v error`.

The corpus is made from `bench.corpus`: every healthy shape, and of each every kind of damage that applies to it, with
one seed. A file counts as found when its verdict is anything but healthy or note; for the reference, when it exits
non-zero or prints anything but lines about timestamps, which it also prints about sound files.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import corpus
from bench.harness import Claim, Contender, alternate, cutroom, ffmpeg, ratio
from bench.media import footage

SEED = 1
PEER = "ffmpeg -v error"
_TIMESTAMPS = re.compile(r"DTS|monoton", re.IGNORECASE)
_EXTENSIONS = ",".join(sorted({shape.extension for shape in corpus.SHAPES}))


def claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Make the corpus, judge it in three ways, and time a minute of 1080p."""
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        healthy, damaged = Path(name, "healthy"), Path(name, "damaged")
        say("making the corpus …")
        shapes = sum(1 for _ in corpus.healthy_corpus(healthy))
        count = damage(healthy, damaged)
        say(f"{shapes} healthy and {count} damaged files")
        found = recall_claims(damaged, say)
        return alarm_claims(healthy, say) + found + cost_claims(rounds, say)


def damage(healthy: Path, target: Path) -> int:
    """Write every kind of damage to every healthy file; how many that gave."""
    target.mkdir()
    count = 0
    for source in sorted(healthy.iterdir()):
        for kind in corpus.DAMAGE:
            data = corpus.damaged(source.read_bytes(), kind, SEED)
            if data is not None:
                (target / f"{source.stem}.{kind}{source.suffix}").write_bytes(data)
                count += 1
    return count


def alarm_claims(healthy: Path, say: Callable[[str], None]) -> list[Claim]:
    """Healthy files that are called anything else, in percent."""
    made = []
    for mode in ("standard", "deep"):
        say(f"healthy files, {mode} …")
        verdicts = inspect(healthy, mode)
        share = 100 * sum(verdicts.values()) / len(verdicts)
        note = f"{sum(verdicts.values())} of {len(verdicts)} shapes"
        made.append(_claim(f"false alarms, {mode}", share, "<= 0", share <= 0, note))
    return made


def recall_claims(damaged: Path, say: Callable[[str], None]) -> list[Claim]:
    """Damaged files that are found, in percent, and the share of what the reference sees."""
    say(f"damaged files, {PEER} …")
    seen = reference(damaged)
    base = 100 * sum(seen.values()) / len(seen)
    made = [_claim("damage found, reference", base, "", None, f"{sum(seen.values())} of {len(seen)}")]
    for mode, target in (("quick", None), ("standard", 90.0), ("deep", 95.0)):
        say(f"damaged files, {mode} …")
        verdicts = inspect(damaged, mode)
        share = 100 * sum(verdicts.values()) / len(verdicts)
        also = 100 * sum(verdicts[name] for name in seen if seen[name]) / max(1, sum(seen.values()))
        note = f"{sum(verdicts.values())} of {len(verdicts)}; {also:.1f} % of what {PEER} sees"
        wanted = "" if target is None else f">= {target:g}"
        made.append(_claim(f"damage found, {mode}", share, wanted, None if target is None else share >= target, note))
    return made


def cost_claims(rounds: int, say: Callable[[str], None]) -> list[Claim]:
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


def inspect(folder: Path, mode: str) -> dict[str, bool]:
    """Whether each file of a folder is called damaged."""
    command = cutroom("inspect", folder, "--mode", mode, "--format", "jsonl", "--ext", _EXTENSIONS, "--no-database")
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if len(rows) != sum(1 for _ in folder.iterdir()):
        sys.exit(f"{len(rows)} rows for {folder}: {done.stderr[-400:]}")
    return {Path(row["path"]).name: row["status"] not in ("healthy", "note") for row in rows}


def reference(folder: Path) -> dict[str, bool]:
    """Whether the reference finds anything wrong with each file of a folder."""
    binary = ffmpeg()

    def one(path: Path) -> tuple[str, bool]:
        command = [binary, "-v", "error", "-threads", "1", "-i", str(path), "-map", "0:v?", "-map", "0:a?"]
        done = subprocess.run(
            [*command, "-f", "null", "-"], capture_output=True, stdin=subprocess.DEVNULL, text=True, errors="replace"
        )
        lines = [line for line in done.stderr.splitlines() if line.strip() and not _TIMESTAMPS.search(line)]
        return path.name, bool(lines) or done.returncode != 0

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(one, sorted(folder.iterdir())))


def _quiet(command: list[object]) -> None:
    subprocess.run([str(word) for word in command], capture_output=True, check=False)


def _claim(name: str, value: float, target: str, held: bool | None, note: str) -> Claim:
    value = round(value, 1)
    return Claim(name=name, value=value, unit="%", target=target, held=held, runs=[value], peer=PEER, note=note)
