"""What other products make FFmpeg do. Their flags are facts read from their public sources (2026); none of their code.

PeerTube runs one x264 process a height; MediaCMS one a height at `medium`, whose result is cut into segments afterwards
(Bento4 there, FFmpeg's copy here). LosslessCut cuts at key frames, or encodes up to the next one (`smartcut.ts`).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from bench.harness import ffmpeg, run

HEIGHTS = (720, 480, 240)
_RATE = 30
_BITS_PER_PIXEL = {720: 0.11, 480: 0.12, 240: 0.17}  # PeerTube's
_KBITS = {720: 2500, 480: 1000, 240: 300}  # MediaCMS's
_HLS = ["-hls_time", 4, "-hls_list_size", 0, "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]


def plain(source: Path, out: Path) -> None:
    """What a script does: one process a height, the usual preset and quality, the same segments."""
    for height in HEIGHTS:
        run(
            [*_quiet(), "-i", source, "-vf", f"scale=-2:{height}", "-c:v", "libx264"]
            + ["-preset", "veryfast", "-crf", 23, "-g", 4 * _RATE, "-sc_threshold", 0, "-pix_fmt", "yuv420p"]
            + ["-c:a", "aac", "-b:a", "128k", "-ac", 2, "-f", "hls", *_HLS]
            + ["-hls_fmp4_init_filename", f"init{height}.mp4"]
            + ["-hls_segment_filename", out / f"{height}_%03d.m4s", out / f"{height}.m3u8"]
        )


def peertube(source: Path, out: Path) -> None:
    """PeerTube's ladder: `720.m3u8` over `720.mp4`, and so on."""
    for height in HEIGHTS:
        bits = int(_BITS_PER_PIXEL[height] * height * height * 16 / 9 * _RATE)
        run(
            [*_quiet(), "-i", source, "-c:a", "copy", "-c:v", "libx264"]
            + ["-vf", f"scale=w=-2:h={height}", "-preset", "veryfast", "-maxrate:v", bits, "-bufsize:v", bits * 2]
            + ["-b_strategy", 1, "-bf", 16, "-r", _RATE, "-g:v", _RATE * 2, "-max_muxing_queue_size", 1024]
            + ["-map_metadata", -1, "-pix_fmt", "yuv420p", "-threads", 1, "-f", "hls", *_HLS]
            + ["-hls_flags", "single_file", "-hls_segment_filename", out / f"{height}.mp4", out / f"{height}.m3u8"]
        )


def mediacms(source: Path, out: Path) -> None:
    """MediaCMS's ladder: `720.mp4` and so on, then segments of each."""
    for height in HEIGHTS:
        cap = f"{_KBITS[height] * 3 // 2}k"
        run(
            [*_quiet(), "-i", source, "-c:v", "libx264", "-pix_fmt", "yuv420p"]
            + ["-filter:v", f"scale=-2:{height},fps=fps={_RATE}", "-crf", 23, "-c:a", "aac", "-b:a", "128k", "-ac", 2]
            + ["-maxrate", cap, "-bufsize", cap, "-force_key_frames", "expr:gte(t,n_forced*4)"]
            + ["-x264-params", f"keyint={_RATE * 8}:keyint_min={_RATE * 4}", "-preset", "medium"]
            + ["-profile:v", "main", "-level", "4.2", "-strict", -2, "-movflags", "+faststart", out / f"{height}.mp4"]
        )
    for height in HEIGHTS:
        run(
            [*_quiet(), "-i", out / f"{height}.mp4", "-c", "copy", "-f", "hls", *_HLS]
            + ["-hls_fmp4_init_filename", f"init{height}.mp4"]
            + ["-hls_segment_filename", out / f"{height}_%03d.m4s", out / f"{height}.m3u8"]
        )


def lossless_copy(source: Path, out: Path, start: Fraction, seconds: int) -> None:
    """LosslessCut's key-frame cut: from the key frame before `start`, nothing encoded."""
    run(
        [*_quiet(), "-ss", f"{float(start):.5f}", "-i", source, "-t", seconds, "-map", "0:v", "-map", "0:a?"]
        + ["-c", "copy", "-avoid_negative_ts", "make_zero", "-f", "mp4", out / "cut.mp4"]
    )


def lossless_smart(source: Path, out: Path, start: Fraction, seconds: int) -> None:
    """LosslessCut's smart cut (`cutEncodeSmartPart`): encode up to the next key frame at 1.2 times the bit rate with
    the codec's usual encoder, copy from there on, join both by FFmpeg's concat demuxer."""
    import av

    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        bits, codec = stream.bit_rate or 8_000_000, stream.codec_context.codec.canonical_name
        scale = int(1 / (stream.time_base or Fraction(1, 15360)))
        container.seek(int(start / (stream.time_base or 1)), stream=stream)
        packets = (p for p in container.demux(stream) if p.size and p.is_keyframe and p.pts is not None)
        key = next(at for p in packets if (at := (p.pts or 0) * p.time_base) >= start)
    joined = ["-map", "0:v", "-map", "0:a?", "-video_track_timescale", scale, "-f", "mp4"]
    encoder = {"hevc": "libx265", "h264": "libx264"}[codec]
    before, end = float(key - start), float(start + seconds - key)
    run([*_quiet(), "-ss", f"{float(start):.5f}", "-i", source, "-ss", 0, "-t", f"{before:.5f}", "-c", "copy",
         "-c:v", encoder, "-b:v", int(bits * 1.2), *joined, out / "a.mp4"])  # fmt: skip
    run([*_quiet(), "-ss", f"{float(key):.5f}", "-i", source, "-ss", 0, "-t", f"{end:.5f}", "-c", "copy",
         "-avoid_negative_ts", "make_zero", *joined, out / "b.mp4"])  # fmt: skip
    (out / "list.txt").write_text("".join(f"file '{out / part}.mp4'\n" for part in ("a", "b")))
    run([*_quiet(), "-f", "concat", "-safe", 0, "-i", out / "list.txt", "-c", "copy", *joined, out / "cut.mp4"])


def _quiet() -> list[object]:
    return [ffmpeg(), "-v", "error", "-nostdin", "-y"]
