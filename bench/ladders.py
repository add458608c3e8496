"""The ladder against the decode-only floor, and against what two products run.

Speed counts at equal looks, so the VMAF of the tallest rung is measured for each, by the libvmaf of imageio-ffmpeg's
build, against the source scaled with care. The products' runs are long: they get the first 20 s of the footage.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.harness import Claim, Contender, alternate, cutroom, ffmpeg, fresh, ratio, run, waits
from bench.peers.transcoders import mediacms, peertube, plain

_LOOKED_AT = 20  # seconds of the footage that the products get, and VMAF is computed over


def ladder_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """The three-rung ladder of a minute of 1080p."""
    floor = Contender(
        "decode only", lambda: run([ffmpeg(), "-v", "error", "-i", source, "-map", "0:v", "-f", "null", "-"])
    )
    ours = Contender("cutroom proxy", lambda: fresh(scratch / "whole", lambda out: _ours(source, out)))
    alternate([floor, ours], rounds=rounds, say=say)
    return [
        ratio("ladder 720/480/240 wall / decode floor", ours, floor, of="wall", target=3.2),
        ratio("ladder 720/480/240 cpu / decode floor", ours, floor, of="cpu"),
        *_against_products(source, scratch, rounds=rounds, say=say),
        *_first_playable(source, scratch, floor, rounds=rounds, say=say),
    ]


def _against_products(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    short = scratch / "short.mp4"
    run([ffmpeg(), "-v", "error", "-y", "-i", source, "-t", _LOOKED_AT, "-c", "copy", short])
    ways = {"ours": _ours, "plain": plain, "peertube": peertube, "mediacms": mediacms}
    names = {
        "ours": "cutroom proxy",
        "plain": "ffmpeg, one run a rendition",
        "peertube": "PeerTube's flags",
        "mediacms": "MediaCMS's flags",
    }

    def once(way: str) -> Callable[[], None]:
        return lambda: fresh(scratch / way, lambda out: ways[way](short, out))

    timed = {way: Contender(names[way], once(way)) for way in ways}
    alternate(list(timed.values()), rounds=rounds, say=say)
    looks = {way: _look(short, scratch / way, scratch) for way in ways if way != "plain"}
    for way, (kbits, score) in looks.items():
        say(f"720 lines of {names[way]}: VMAF {score:.2f} at {kbits:.0f} kb/s")
    claims = [
        ratio("ladder 720/480/240 wall / one ffmpeg a rendition", timed["ours"], timed["plain"], of="wall", target=1.0),
        ratio("ladder 720/480/240 cpu / one ffmpeg a rendition", timed["ours"], timed["plain"], of="cpu", target=1.0),
    ]
    for way, target in (("peertube", 0.5), ("mediacms", 0.35)):
        title = f"ladder 720/480/240 cpu / {names[way]}"
        claims.append(ratio(title, timed["ours"], timed[way], of="cpu", target=target))
        claims.append(_looks(names[way], looks["ours"], looks[way]))
    return claims


def _ours(source: Path, out: Path) -> None:
    run(cutroom("proxy", source, "-o", out))


def _look(source: Path, folder: Path, scratch: Path) -> tuple[float, float]:
    """kb/s and VMAF of the 720-line picture of a contender's last run, over its first seconds."""
    picture = folder / "720.mp4"
    if not picture.exists():
        picture = scratch / "joined.mp4"
        pieces = [folder / "720" / "init.mp4", *sorted((folder / "720").glob("*.m4s"))]
        picture.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    head, binary = scratch / "head.mp4", ffmpeg()
    run([binary, "-v", "error", "-y", "-i", picture, "-t", _LOOKED_AT, "-map", "0:v", "-c", "copy", head])
    # Tagged alike: FFmpeg would convert one to the other's colours first, which costs an honest picture four points.
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    graph = (
        f"[0:v]{tags},setpts=N/30/TB[a];[1:v]{tags},scale=1280:720:flags=lanczos,setpts=N/30/TB[b];"
        "[a][b]libvmaf=n_subsample=5"
    )
    command = [
        binary,
        "-v",
        "info",
        "-i",
        head,
        "-t",
        str(_LOOKED_AT),
        "-i",
        source,
        "-lavfi",
        graph,
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stderr
    found = re.search(r"VMAF score: ([\d.]+)", said)
    if found is None:
        raise RuntimeError(f"no VMAF score in: {said[-300:]}")
    return head.stat().st_size * 8 / _LOOKED_AT / 1000, float(found.group(1))


def _looks(peer: str, ours: tuple[float, float], theirs: tuple[float, float]) -> Claim:
    value = round(ours[1] - theirs[1], 2)
    return Claim(
        name=f"VMAF of 720 lines minus {peer}",
        value=value,
        unit="VMAF",
        target=">= -1.0",
        held=value >= -1.0,
        runs=[value],
        peer=peer,
        note=f"{ours[1]:.1f} at {ours[0]:.0f} kb/s against {theirs[1]:.1f} at {theirs[0]:.0f} kb/s",
    )


def _first_playable(
    source: Path, scratch: Path, floor: Contender, *, rounds: int, say: Callable[[str], None]
) -> list[Claim]:
    """From the start of the command to a master playlist over the first segment of every rung."""
    runs = []
    for number in range(1, rounds + 1):
        out = scratch / "first"
        fresh(out, lambda _out: None)
        started = time.monotonic()
        with subprocess.Popen(
            [str(word) for word in cutroom("proxy", source, "-o", out)], stderr=subprocess.DEVNULL
        ) as one:
            while not (out / "master.m3u8").exists() and one.poll() is None:
                time.sleep(0.002)
            runs.append(time.monotonic() - started)
            one.terminate()
        say(f"round {number}/{rounds}  first playable: {runs[-1]:.2f} s")
    name = "first playable, whole ladder, from the start of the command"
    return waits(name, runs, [figure.wall for figure in floor.figures], statistics.median(runs), 1.3)
