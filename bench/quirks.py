"""Healthy files with the oddities of real ones, made by the ffmpeg of the imageio-ffmpeg wheel.

Each line is a name and the arguments behind the inputs, which are three seconds of moving picture and of sound. None
of these files may be called damaged, whatever a reader prints about it.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.harness import ffmpeg

_PICTURE = "-f lavfi -i testsrc2=s=320x180:r=25:d=3"
_SOUND = "-f lavfi -i aevalsrc='0.3*sin(2*PI*440*t)+0.02*random(0)|0.3*sin(2*PI*600*t)':s=48000:d=3"
_X = "-c:v libx264 -preset veryfast -g 25"
_H = "-c:v libx265 -preset ultrafast -x265-params log-level=none"
_V = "-deadline realtime -cpu-used 8 -g 25 -b:v 300k"
QUIRKS: dict[str, str] = {
    "b-pyramid.mp4": f"{_X} -bf 3 -x264-params b-pyramid=normal -c:a aac -movflags +faststart",
    "every-frame-a-fragment.mp4": f"{_X} -c:a aac -movflags frag_every_frame+empty_moov+default_base_moof",
    "delayed-moov.mp4": f"{_X} -c:a aac -movflags dash+delay_moov+frag_keyframe",
    "negative-offsets.mp4": f"{_X} -bf 3 -c:a aac -movflags negative_cts_offsets",
    "hybrid.mp4": f"{_X} -c:a aac -movflags hybrid_fragmented",
    "open-group.mp4": f"{_X} -x264-params open-gop=1:keyint=25:bframes=3 -c:a aac",
    "interlaced.mp4": f"{_X} -flags +ilme+ildct -x264-params interlaced=1:tff=1 -c:a aac",
    "high-422.mov": "-c:v libx264 -preset ultrafast -pix_fmt yuv422p10le -g 1 -c:a pcm_s24le",
    "444-alac.mp4": f"{_X} -pix_fmt yuv444p -c:a alac",
    "lossless.mp4": f"{_X} -qp 0 -c:a aac",
    "intra-refresh.mp4": f"{_X} -x264-params intra-refresh=1 -c:a aac",
    "six-slices.mp4": f"{_X} -x264-params slices=6 -c:a aac",
    "baseline.mp4": f"{_X} -profile:v baseline -c:a aac -b:a 32k",
    "delimiters.mp4": f"{_X} -x264-params aud=1:repeat-headers=1:pic-struct=1 -c:a ac3",
    "weighted.mp4": f"-vf fade=in:0:50 {_X} -x264-params weightp=2:ref=5:bframes=8 -c:a eac3",
    "one-group.mp4": f"{_X} -g 9999 -sc_threshold 0 -c:a libmp3lame",
    "opus.mp4": f"{_X} -c:a libopus -strict -2",
    "flac.mp4": f"{_X} -c:a flac -strict -2",
    "dropped-frames.mp4": f"-vf select='not(mod(n\\,3))+gt(n\\,60)' -fps_mode vfr {_X} -c:a aac",
    "no-sound.mp4": f"-an {_X}",
    "two-pictures.mp4": f"-an -frames:v 2 {_X}",
    "timecode.mov": f"{_X} -timecode 10:00:00:00 -c:a pcm_s16le",
    "two-sounds.mp4": f"-map 0:v -map 1:a -map 1:a {_X} -c:a:0 aac -c:a:1 ac3",
    "hvc1.mp4": f"{_H} -tag:v hvc1 -c:a aac",
    "hev1.mp4": f"{_H}:repeat-headers=1:aud=1 -tag:v hev1 -c:a aac",
    "hdr10.mp4": f"{_H}:hdr10=1:repeat-headers=1 -pix_fmt yuv420p10le -c:a eac3",
    "hevc-open-group.mp4": "-c:v libx265 -preset fast -x265-params log-level=none:keyint=20:open-gop=1 -c:a aac",
    "prores-alpha.mov": "-vf format=yuva444p10le -c:v prores_ks -profile:v 4444 -alpha_bits 16 -c:a pcm_s24le",
    "prores-fields.mov": "-vf setfield=tff -flags +ildct -c:v prores_ks -pix_fmt yuv422p10le -c:a pcm_s16be",
    "mpeg4-b.mp4": "-c:v mpeg4 -bf 2 -q:v 4 -c:a aac",
    "mpeg2.mp4": "-c:v mpeg2video -bf 2 -q:v 4 -c:a mp2",
    "png.mov": "-an -c:v png -t 1",
    "animation.mov": "-an -c:v qtrle -t 1",
    "raw.mov": "-an -c:v rawvideo -pix_fmt uyvy422 -t 0.5",
    "cineform.mov": "-c:v cfhd -pix_fmt yuv422p10le -c:a pcm_s16le",
    "telephone.mov": f"{_X} -c:a pcm_mulaw -ar 8000 -ac 1",
    "no-checksums.mkv": f"{_X} -c:a ac3 -write_crc32 0",
    "live.mkv": f"{_X} -c:a aac -live 1",
    "index-in-front.mkv": f"{_X} -c:a libvorbis -cues_to_front 1 -reserve_index_space 4096",
    "vorbis.webm": f"-c:v libvpx {_V} -c:a libvorbis",
    "hidden-frames.webm": "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -b:v 300k -c:a libopus",
    "superframes.webm": "-c:v libvpx-vp9 -cpu-used 6 -lag-in-frames 16 -auto-alt-ref 1 -b:v 200k -c:a libopus",
    "alpha.webm": f"-an -vf format=yuva420p -c:v libvpx-vp9 {_V}",
    "vp9-10bit.webm": f"-c:v libvpx-vp9 -pix_fmt yuv420p10le -profile:v 2 {_V} -c:a libopus",
    "mpeg2.mkv": "-c:v mpeg2video -q:v 4 -bf 2 -c:a mp2",
    "theora.mkv": "-c:v libtheora -q:v 5 -c:a libvorbis",
    "pcm24.mkv": f"{_X} -c:a pcm_s24le",
    "dts.mkv": f"{_X} -c:a dca -strict -2",
    "huffyuv.mkv": "-an -c:v huffyuv -t 1",
    "constant-rate.ts": "-c:v mpeg2video -bf 2 -b:v 2M -maxrate 2M -minrate 2M -bufsize 1M -c:a mp2 -muxrate 3M",
    "latm.ts": f"{_X} -c:a aac -mpegts_flags +latm",
    "clock-wraps.ts": f"{_X} -c:a aac -output_ts_offset 95441 -muxdelay 0",
    "mpeg1.ts": "-c:v mpeg1video -q:v 4 -c:a mp2",
    "hevc.ts": f"{_H} -c:a eac3",
    "m2ts.m2ts": f"{_X} -bf 3 -c:a ac3 -mpegts_m2ts_mode 1",
    "dvd.vob": "-target pal-dvd -s 352x288",
    "vcd.mpg": "-target pal-vcd",
    "xvid.avi": "-c:v mpeg4 -vtag XVID -bf 2 -q:v 4 -c:a libmp3lame",
    "annexb.avi": f"{_X} -bf 3 -c:a aac",
    "h263.avi": "-an -c:v h263p -q:v 4",
    "raw.avi": "-an -c:v rawvideo -t 0.4",
    "sorenson.flv": "-c:v flv -q:v 4 -c:a libmp3lame -ar 44100",
    "live.flv": f"{_X} -c:a aac -flvflags no_duration_filesize+no_metadata",
    "wmv1.wmv": "-c:v wmv1 -q:v 4 -c:a wmav1",
    "theora.ogv": "-c:v libtheora -q:v 6 -c:a libvorbis",
    "long-group.mxf": "-c:v mpeg2video -bf 2 -g 12 -q:v 4 -pix_fmt yuv422p -c:a pcm_s24le -ar 48000",
    "black.mp4": f"-an -vf geq=16:128:128 {_X}",
    "black.mpg": "-vf geq=16:128:128 -c:v mpeg2video -c:a mp2",
    "black.avi": "-vf geq=16:128:128 -c:v mjpeg -c:a pcm_s16le",
    "black.webm": f"-an -vf geq=16:128:128 -c:v libvpx {_V}",
}
_COPIES = {
    "open-group.mp4": ("mkv", "mp4"), "hevc-open-group.mp4": ("mkv", "mp4"), "superframes.webm": ("mkv", "webm"),
    "b-pyramid.mp4": ("mov", "flv", "mkv"), "constant-rate.ts": ("mpg",), "vorbis.webm": ("mkv",),
}  # fmt: skip
"""Files that are also cut between keyframes, without coding again, into other containers."""


def quirky_files(folder: Path) -> Iterator[Path]:
    """Make every quirk this ffmpeg can encode in `folder`; files that exist are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = shlex.split(f"{_PICTURE} {_SOUND}")
    for name, arguments in QUIRKS.items():
        yield from _made(folder / name, [*inputs, *shlex.split(arguments)])
    for name, extensions in _COPIES.items():
        for extension in extensions:
            target = folder / f"cut-{Path(name).stem}.{extension}"
            yield from _made(target, ["-ss", "1.1", "-i", str(folder / name), "-c", "copy"])


def _made(path: Path, arguments: list[str]) -> Iterator[Path]:
    if not path.exists():
        command = [ffmpeg(), "-v", "error", "-y", *arguments, str(path)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0 and path.exists():
            path.unlink()
    if path.exists() and path.stat().st_size:
        yield path
