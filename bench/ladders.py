"""The ladder against the decode-only floor, against one ffmpeg a rendition, and against what two products run.

The products' flags are facts read from their public sources (2026): PeerTube runs one x264 process a height, MediaCMS
one a height at `medium` and cuts the result into segments afterwards. Speed counts at equal looks, so the VMAF of the
tallest rung is measured for each, by the libvmaf of imageio-ffmpeg's build, against the source scaled with care.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.harness import Claim, Contender, alternate, cutroom, ffmpeg, fresh, ratio, run

HEIGHTS = (720, 480, 240)
_RATE = 30
_BITS_PER_PIXEL = {720: 0.11, 480: 0.12, 240: 0.17}  # PeerTube's
_KBITS = {720: 2500, 480: 1000, 240: 300}  # MediaCMS's
_LOOKED_AT = 20  # seconds of the footage that VMAF is computed over
_HLS = ["-hls_time", 4, "-hls_list_size", 0, "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]


def ladder_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """The three-rung ladder of a minute of 1080p."""
    binary = ffmpeg()
    folders = {name: scratch / name for name in ("ours", "plain", "peertube", "mediacms")}
    floor = Contender(
        "decode only", lambda: run([binary, "-v", "error", "-i", source, "-map", "0:v", "-f", "null", "-"])
    )
    ours = Contender(
        "cutroom proxy", lambda: fresh(folders["ours"], lambda out: run(cutroom("proxy", source, "-o", out)))
    )
    plain = Contender(
        "ffmpeg, one run a rendition", lambda: fresh(folders["plain"], lambda out: _plain(binary, source, out))
    )
    peertube = Contender(
        "PeerTube's flags", lambda: fresh(folders["peertube"], lambda out: _peertube(binary, source, out))
    )
    mediacms = Contender(
        "MediaCMS's flags", lambda: fresh(folders["mediacms"], lambda out: _mediacms(binary, source, out))
    )
    alternate([floor, ours, plain, peertube, mediacms], rounds=rounds, say=say)
    looks = {name: _look(binary, source, folders[name], scratch) for name in ("ours", "peertube", "mediacms")}
    for name, (kbits, score) in looks.items():
        say(f"720 lines of {name}: VMAF {score:.2f} at {kbits:.0f} kb/s")
    return [
        ratio("ladder 720/480/240 wall / decode floor", ours, floor, of="wall", target=3.2),
        ratio("ladder 720/480/240 cpu / decode floor", ours, floor, of="cpu"),
        ratio("ladder 720/480/240 wall / one ffmpeg a rendition", ours, plain, of="wall", target=1.0),
        ratio("ladder 720/480/240 cpu / one ffmpeg a rendition", ours, plain, of="cpu", target=1.0),
        ratio("ladder 720/480/240 cpu / PeerTube's flags", ours, peertube, of="cpu", target=0.5),
        _looks("PeerTube's flags", looks["ours"], looks["peertube"]),
        ratio("ladder 720/480/240 cpu / MediaCMS's flags", ours, mediacms, of="cpu", target=0.35),
        _looks("MediaCMS's flags", looks["ours"], looks["mediacms"]),
        _first_playable(source, scratch, rounds=rounds, say=say),
    ]


def _plain(binary: str, source: Path, out: Path) -> None:
    """What a script without Cutroom does: one process a height, the usual preset and quality, the same segments."""
    for height in HEIGHTS:
        run(
            [binary, "-v", "error", "-nostdin", "-y", "-i", source, "-vf", f"scale=-2:{height}", "-c:v", "libx264"]
            + ["-preset", "veryfast", "-crf", 23, "-g", 4 * _RATE, "-sc_threshold", 0, "-pix_fmt", "yuv420p"]
            + ["-c:a", "aac", "-b:a", "128k", "-ac", 2, "-f", "hls", *_HLS]
            + ["-hls_fmp4_init_filename", f"init{height}.mp4"]
            + ["-hls_segment_filename", out / f"{height}_%03d.m4s", out / f"{height}.m3u8"]
        )


def _peertube(binary: str, source: Path, out: Path) -> None:
    for height in HEIGHTS:
        bits = int(_BITS_PER_PIXEL[height] * height * height * 16 / 9 * _RATE)
        run(
            [binary, "-v", "error", "-nostdin", "-y", "-i", source, "-c:a", "copy", "-c:v", "libx264"]
            + ["-vf", f"scale=w=-2:h={height}", "-preset", "veryfast", "-maxrate:v", bits, "-bufsize:v", bits * 2]
            + ["-b_strategy", 1, "-bf", 16, "-r", _RATE, "-g:v", _RATE * 2, "-max_muxing_queue_size", 1024]
            + ["-map_metadata", -1, "-pix_fmt", "yuv420p", "-threads", 1, "-f", "hls", *_HLS]
            + ["-hls_flags", "single_file", "-hls_segment_filename", out / f"{height}.mp4", out / f"{height}.m3u8"]
        )


def _mediacms(binary: str, source: Path, out: Path) -> None:
    for height in HEIGHTS:
        cap = f"{_KBITS[height] * 3 // 2}k"
        run(
            [binary, "-v", "error", "-nostdin", "-y", "-i", source, "-c:v", "libx264", "-pix_fmt", "yuv420p"]
            + ["-filter:v", f"scale=-2:{height},fps=fps={_RATE}", "-crf", 23, "-c:a", "aac", "-b:a", "128k", "-ac", 2]
            + ["-maxrate", cap, "-bufsize", cap, "-force_key_frames", "expr:gte(t,n_forced*4)"]
            + ["-x264-params", f"keyint={_RATE * 8}:keyint_min={_RATE * 4}", "-preset", "medium"]
            + ["-profile:v", "main", "-level", "4.2", "-strict", -2, "-movflags", "+faststart", out / f"{height}.mp4"]
        )
    for height in HEIGHTS:
        run(
            [binary, "-v", "error", "-nostdin", "-y", "-i", out / f"{height}.mp4", "-c", "copy", "-f", "hls", *_HLS]
            + ["-hls_fmp4_init_filename", f"init{height}.mp4"]
            + ["-hls_segment_filename", out / f"{height}_%03d.m4s", out / f"{height}.m3u8"]
        )


def _look(binary: str, source: Path, folder: Path, scratch: Path) -> tuple[float, float]:
    """kb/s and VMAF of the 720-line picture of a contender's last run, over its first seconds."""
    picture = folder / "720.mp4"
    if not picture.exists():
        picture = scratch / "joined.mp4"
        pieces = [folder / "720" / "init.mp4", *sorted((folder / "720").glob("*.m4s"))]
        picture.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    head = scratch / "head.mp4"
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


def _first_playable(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> Claim:
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
    value = statistics.median(runs)
    return Claim(
        name="first playable, whole ladder, from the start of the command",
        value=round(value, 3),
        unit="s",
        target="<= 1.3",
        held=value <= 1.3,
        runs=[round(run, 3) for run in runs],
        peer="none",
    )
