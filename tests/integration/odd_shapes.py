"""Footage as people have it: codecs, containers, sizes, rates, turns and sound, each made by one command."""

from __future__ import annotations

import subprocess
import wave
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import msgspec
import numpy as np

from cutroom.media.sample.barcode import paint_barcode

FRAMES, RATE, WIDTH, HEIGHT = 12, 25, 160, 120
BEEP = 0.2  # seconds from the start to the beep

_H264 = "-c:v libx264 -preset ultrafast"
_HEVC = "-c:v libx265 -preset ultrafast -x265-params log-level=none"
_AAC = "-c:a aac"
_PQ = "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc"
_HLG = "setparams=color_trc=arib-std-b67:color_primaries=bt2020:colorspace=bt2020nc"
_INTERLACED = "-flags +ildct+ilme"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How a source is made, and what its ladder has to be."""

    suffix: str
    make: str  # options between the inputs and the output
    remux: str = ""  # options before the input of a second pass that copies
    frames: int = FRAMES
    rate: Fraction | None = Fraction(RATE)  # None: the times are not looked at
    size: tuple[int, int] = (WIDTH, HEIGHT)
    turn: tuple[int, bool] = (0, False)  # quarter turns anticlockwise, then mirrored, as shown
    numbered: bool = True  # the bar code can be read
    sounds: int = 1
    copied: bool = False
    beep: float | None = BEEP
    languages: tuple[str | None, ...] | None = None
    note: str = ""


def _silent(suffix: str, make: str, **changes: object) -> Shape:
    return Shape(suffix=suffix, make=f"{make} -an", sounds=0, **changes)  # type: ignore[arg-type]


def _sized(size: str, shown: tuple[int, int], more: str = "", **changes: object) -> Shape:
    return _silent("mp4", f"{_H264} -vf scale={size}{more}", size=shown, **changes)


def _turned(options: str, turn: int, mirrored: bool = False, make: str = f"{_H264} -an", **changes: object) -> Shape:
    size = (HEIGHT, WIDTH) if turn % 2 else (WIDTH, HEIGHT)
    given = {"size": size, "turn": (turn, mirrored), "sounds": 0, **changes}
    return Shape(suffix="mp4", make=make, remux=options, **given)  # type: ignore[arg-type]


def _sound(suffix: str, codec: str, **changes: object) -> Shape:
    return Shape(suffix=suffix, make=f"{_H264} {codec}", **changes)  # type: ignore[arg-type]


_SIZES = {
    "portrait": _sized("120:160", (120, 160)),
    "square": _sized("120:120", (120, 120)),
    "odd in both directions": _sized("161:121", (160, 120), " -pix_fmt yuv444p"),
    "odd width": _sized("159:120", (158, 120), " -pix_fmt yuv444p"),
    "16 × 16": _sized("16:16", (16, 16), numbered=False),
    "2 × 2": _sized("2:2", (2, 2), numbered=False),
    "very wide": _sized("1280:64", (1280, 64)),
    "very tall": _sized("64:720", (64, 720), numbered=False),
    "8K": _sized("7680:4320", (1280, 720), " -frames:v 2", frames=2),
    "PAL anamorphic": _sized("180:144", (256, 144), ",setsar=64/45"),
    "NTSC anamorphic": _sized("180:120", (160, 120), ",setsar=8/9"),
    "tall pixels": _sized("160:120", (80, 120), ",setsar=1/2"),
    "rounded square pixels": _sized("160:120", (160, 120), ",setsar=1001/1000"),
    "absurd pixels": _sized("160:120", (160, 120), ",setsar=200/1"),
    "1080 stored as 1088": _silent("mpg", "-c:v mpeg2video -vf scale=192:104", size=(192, 104)),
}
_TURNS = {
    "turned 90": _turned("-display_rotation 90", 1),
    "turned 180": _turned("-display_rotation 180", 2),
    "turned 270": _turned("-display_rotation 270", 3),
    "mirrored": _turned("-display_hflip", 0, True),
    "upside down": _turned("-display_vflip", 2, True),
    "turned 90, mirrored": _turned("-display_rotation 90 -display_hflip", 1, True),
    "turned 270, mirrored": _turned("-display_rotation 270 -display_hflip", 3, True),
    "turned 90, interlaced": _turned(
        "-display_rotation 90", 1, make=f"{_H264} {_INTERLACED} -x264-params tff=1 -an", note="deinterlaced"
    ),
    "turned 90, anamorphic": _turned("-display_rotation 90", 1, make=f"{_H264} -vf setsar=2/1 -an", size=(90, 240)),
    "turned 90 in Matroska": Shape(
        suffix="mkv", make=f"{_H264} -an", remux="-display_rotation 90", size=(120, 160), turn=(1, False), sounds=0
    ),
}
_PIXELS = {
    "10 bits": _silent("mp4", f"{_H264} -pix_fmt yuv420p10le"),
    "4:2:2": _silent("mp4", f"{_H264} -pix_fmt yuv422p"),
    "4:2:2, 10 bits": _silent("mov", f"{_H264} -pix_fmt yuv422p10le"),
    "4:4:4": _silent("mkv", f"{_H264} -pix_fmt yuv444p"),
    "full range": _silent("mp4", f"{_H264} -pix_fmt yuvj420p"),
    "RGB": _silent("mkv", "-c:v libx264rgb -preset ultrafast"),
    "grey": _silent("mkv", "-c:v ffv1 -pix_fmt gray"),
    "grey, 16 bits": _silent("mkv", "-c:v ffv1 -pix_fmt gray16le"),
    "RGB, 16 bits": _silent("mkv", "-c:v ffv1 -pix_fmt gbrp16le"),
    "with alpha, VP9": _silent("webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuva420p"),
    "PQ": _silent(
        "mp4",
        f"{_HEVC} -pix_fmt yuv420p10le -vf {_PQ}",
        note="HDR",
    ),
    "HLG": _silent(
        "mov",
        f"{_HEVC} -pix_fmt yuv420p10le -vf {_HLG}",
        note="HDR",
    ),
    "PQ, turned": _turned(
        "-display_rotation 90",
        1,
        make=f"{_HEVC} -pix_fmt yuv420p10le -vf {_PQ} -an",
        note="HDR",
    ),
    "BT.2020, not HDR": _silent(
        "mp4", f"{_H264} -vf setparams=color_trc=bt2020-10:color_primaries=bt2020:colorspace=bt2020nc"
    ),
}
_INTERLACE = {
    "top field first": _silent("mp4", f"{_H264} {_INTERLACED} -x264-params tff=1", note="deinterlaced"),
    "bottom field first": _silent("ts", f"{_H264} {_INTERLACED} -x264-params bff=1", note="deinterlaced"),
    "MPEG-2, interlaced": _silent("ts", f"-c:v mpeg2video {_INTERLACED} -vf setfield=tff", note="deinterlaced"),
    "ProRes, interlaced": _silent("mov", f"-c:v prores_ks {_INTERLACED} -vf setfield=tff", note="deinterlaced"),
}
_CODECS = {
    "H.264 in MOV": _silent("mov", _H264),
    "H.264 in Matroska": _silent("mkv", _H264),
    "H.264 in a transport stream": _silent("ts", _H264),
    "H.264 from a camcorder": _silent("m2ts", _H264),
    "H.264 in AVI": _silent("avi", f"{_H264} -bf 2"),
    "H.264 in FLV": _silent("flv", _H264),
    "H.264 in MXF": _silent("mxf", f"{_H264} -pix_fmt yuv422p10le -g 1"),
    "H.264 alone": _silent("h264", _H264, note="time stamps"),
    "H.264 in 3GP": _silent("3gp", _H264),
    "H.264 in fragments": _silent("mp4", f"{_H264} -movflags frag_keyframe+empty_moov"),
    "HEVC": _silent("mp4", f"{_HEVC} -tag:v hvc1"),
    "HEVC in Matroska": _silent("mkv", _HEVC),
    "HEVC in a transport stream": _silent("ts", _HEVC),
    "HEVC alone": _silent("hevc", _HEVC, note="time stamps"),
    "HEVC, 4:2:2, 10 bits": _silent("mov", f"{_HEVC} -pix_fmt yuv422p10le"),
    "VP8": _silent("webm", "-c:v libvpx -deadline realtime -cpu-used 8"),
    "VP9": _silent("webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
    "VP9 in MP4": _silent("mp4", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
    "AV1": _silent("mp4", "-c:v libsvtav1 -preset 13 -crf 20 -svtav1-params lp=1"),
    "AV1 in WebM": _silent("webm", "-c:v libsvtav1 -preset 13 -crf 20 -svtav1-params lp=1"),
    "AV1 in IVF": _silent("ivf", "-c:v libsvtav1 -preset 13 -crf 20 -svtav1-params lp=1"),
    "MPEG-1": _silent("mpg", "-c:v mpeg1video"),
    "MPEG-2 in a transport stream": _silent("ts", "-c:v mpeg2video -bf 2"),
    "MPEG-2 in a program stream": _silent("vob", "-c:v mpeg2video -bf 2"),
    "MPEG-2 in MXF": _silent("mxf", "-c:v mpeg2video"),
    "MPEG-4 in AVI": _silent("avi", "-c:v mpeg4"),
    "MPEG-4 with B-frames": _silent("mp4", "-c:v mpeg4 -bf 2"),
    "MPEG-4, old Microsoft": _silent("avi", "-c:v msmpeg4v3 -q:v 2 -vf scale=320:240", size=(320, 240)),
    "H.263": _silent("3gp", "-c:v h263 -q:v 2 -vf scale=352:288", size=(320, 240)),
    "Sorenson": _silent("flv", "-c:v flv1"),
    "WMV": _silent("wmv", "-c:v wmv2"),
    "ASF": _silent("asf", "-c:v wmv1"),
    "Motion JPEG in AVI": _silent("avi", "-c:v mjpeg"),
    "Motion JPEG in MOV": _silent("mov", "-c:v mjpeg"),
    "ProRes": _silent("mov", "-c:v prores_ks -profile:v proxy"),
    "ProRes 4444": _silent("mov", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le"),
    "DNxHR": _silent("mov", "-c:v dnxhd -profile:v dnxhr_lb -vf scale=256:120,format=yuv422p", size=(256, 120)),
    "DNxHR in MXF": _silent("mxf", "-c:v dnxhd -profile:v dnxhr_lb -vf scale=256:120,format=yuv422p", size=(256, 120)),
    "CineForm": _silent("mov", "-c:v cfhd -pix_fmt yuv422p10le"),
    "DV": _silent("dv", "-target pal-dv", frames=12, size=(640, 480), note="deinterlaced"),
    "DV in AVI": _silent("avi", "-c:v dvvideo -s 720x576 -pix_fmt yuv420p", size=(640, 480), note="deinterlaced"),
    "Theora": _silent("ogv", "-c:v libtheora"),
    "FFV1": _silent("mkv", "-c:v ffv1"),
    "HuffYUV": _silent("avi", "-c:v huffyuv -pix_fmt yuv422p"),
    "raw": _silent("avi", "-c:v rawvideo -pix_fmt yuyv422"),
    "raw in MOV": _silent("mov", "-c:v rawvideo -pix_fmt uyvy422"),
    "v210": _silent("mov", "-c:v v210"),
    "JPEG 2000": _silent("mxf", "-c:v jpeg2000"),
    "PNG pictures": _silent("mov", "-c:v png"),
    "Animation": _silent("mov", "-c:v qtrle"),
    "GIF": _silent("gif", "-vf format=gray,format=pal8"),
    "APNG": _silent("apng", "-c:v apng"),
    "RealVideo": _silent("rm", "-c:v rv10 -q:v 2 -vf scale=320:240", size=(320, 240)),
    "NUT": _silent("nut", "-c:v mpeg4"),
}
_RATES = {
    "1 frame a second": _silent("mp4", f"{_H264}", rate=Fraction(1)),
    "120 frames a second": _silent("mp4", f"{_H264}", rate=Fraction(120)),
    "240 in Matroska": _silent("mkv", f"{_H264}", rate=Fraction(240)),
    "23.976": _silent("mov", f"{_H264}", rate=Fraction(24000, 1001)),
    "59.94": _silent("ts", f"{_H264}", rate=Fraction(60000, 1001)),
    "12.5": _silent("mp4", f"{_H264}", rate=Fraction(25, 2)),
    "variable": _silent("mkv", f"{_H264} -vf setpts=(N+mod(N\\,3)/3)/25/TB -fps_mode vfr", rate=None),
    "variable in MP4": _silent(
        "mp4", f"{_H264} -vf setpts=(N+N*N/24)/25/TB -fps_mode vfr -video_track_timescale 90000", rate=None
    ),
}
_STRUCTURES = {
    "B-pyramid": _silent("mp4", "-c:v libx264 -preset ultrafast -bf 4 -b-pyramid normal -g 12 -refs 4"),
    "open groups": _silent("mp4", "-c:v libx264 -preset ultrafast -bf 2 -g 5 -x264-params open-gop=1"),
    "open groups, HEVC": _silent("mkv", f"{_HEVC}:open-gop=1:keyint=5:bframes=2"),
    "intra refresh": _silent("mp4", f"{_H264} -x264-params intra-refresh=1:keyint=8"),
    "many slices": _silent("mp4", f"{_H264} -slices 4"),
    "an edit that hides the start": Shape(
        suffix="mp4", make=f"{_H264} -bf 2 -g 12 {_AAC}", remux="-ss 0.2", frames=FRAMES - 5, copied=True, beep=None
    ),
    "negative composition offsets": Shape(
        suffix="mp4", make=f"{_H264} -bf 2 {_AAC} -movflags negative_cts_offsets", copied=True
    ),
    "no edit list": Shape(
        suffix="mp4", make=f"{_H264} {_AAC} -use_editlist 0", copied=True, rate=None, beep=BEEP + 0.021
    ),
    "B-frames in AVI": Shape(suffix="avi", make=f"{_H264} -bf 2 -c:a pcm_s16le"),
    "late start": Shape(suffix="ts", make=f"{_H264} {_AAC} -output_ts_offset 1000", copied=True),
    "clock runs over": Shape(suffix="ts", make=f"{_H264} {_AAC} -output_ts_offset 95442.3 -muxdelay 0", copied=True),
    "cover picture": Shape(
        suffix="mp4",
        make="-f lavfi -i color=red:s=64x64:d=0.04 -map 2:v -map 0:v -map 1:a -c:v:0 mjpeg -c:v:1 libx264"
        f" -preset:v:1 ultrafast -disposition:v:0 attached_pic {_AAC}",
        copied=True,
    ),
    "one frame": _silent("mp4", f"{_H264} -frames:v 1", frames=1),
    "one frame of MPEG-2": _silent("mpg", "-c:v mpeg2video -frames:v 1", frames=1),
}
_SOUNDS = {
    "AAC": _sound("mp4", _AAC, copied=True),
    "AAC, mono": _sound("mp4", f"{_AAC} -ac 1", copied=True),
    "AAC, 44.1 kHz": _sound("mov", f"{_AAC} -ar 44100", copied=True),
    "AAC, 8 kHz": _sound("mp4", f"{_AAC} -ar 8000 -ac 1", copied=True),
    "AAC, 96 kHz": _sound("mp4", f"{_AAC} -ar 96000", copied=True),
    "AAC, 5.1": _sound("mp4", f"{_AAC} -ac 6"),
    "AAC in FLV": _sound("flv", _AAC, copied=True),
    "AAC in a transport stream": _sound("ts", _AAC, copied=True),
    "7.1 samples": _sound("mkv", "-c:a pcm_s16le -ac 8"),
    "24-bit samples": _sound("mov", "-c:a pcm_s24le"),
    "32-bit float samples": _sound("mkv", "-c:a pcm_f32le -ar 22050"),
    "A-law": _sound("mov", "-c:a pcm_alaw -ar 8000 -ac 1"),
    "AC-3": _sound("ts", "-c:a ac3 -ac 6"),
    "E-AC-3": _sound("mp4", "-c:a eac3"),
    "DTS": _sound("mkv", "-c:a dca -strict -2"),
    "Opus": _sound("mkv", "-c:a libopus"),
    "Opus in MP4": _sound("mp4", "-c:a libopus"),
    "Vorbis": _sound("mkv", "-c:a libvorbis"),
    "FLAC": _sound("mkv", "-c:a flac"),
    "FLAC in MP4": _sound("mp4", "-c:a flac"),
    "Apple Lossless": _sound("mov", "-c:a alac"),
    "MP2": Shape(suffix="mpg", make="-c:v mpeg2video -c:a mp2"),
    "MP3": _sound("mp4", "-c:a libmp3lame"),
    "MP3 in AVI": Shape(suffix="avi", make="-c:v mpeg4 -c:a libmp3lame", rate=None, beep=BEEP + 0.023),
    "ADPCM": Shape(suffix="avi", make="-c:v mpeg4 -c:a adpcm_ima_wav"),
    "WMA": Shape(suffix="wmv", make="-c:v wmv2 -c:a wmav2"),
    "samples in MXF": Shape(suffix="mxf", make="-c:v mpeg2video -c:a pcm_s16le"),
    "sound begins late": Shape(
        suffix="mp4", make=f"-itsoffset 0.12 -i SOUND -map 0:v -map 2:a {_H264} {_AAC}", copied=True, beep=BEEP + 0.12
    ),
    "three languages": Shape(
        suffix="mkv",
        make=f"-map 0:v -map 1:a -map 1:a -map 1:a {_H264} -c:a:0 aac -c:a:1 flac -c:a:2 libopus"
        " -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu -metadata:s:a:1 title=Kommentar",
        sounds=3,
        copied=True,
        languages=("eng", "deu", None),
    ),
    "sound alone": Shape(suffix="m4a", make=f"-vn {_AAC}", frames=0, copied=True),
    "sound alone, MP3": Shape(suffix="mp3", make="-vn -c:a libmp3lame", frames=0, beep=None),
    "sound alone, WAV": Shape(suffix="wav", make="-vn -c:a pcm_s16le", frames=0),
    "sound alone, FLAC": Shape(suffix="flac", make="-vn -c:a flac", frames=0),
    "sound alone, Opus": Shape(suffix="ogg", make="-vn -c:a libopus", frames=0),
}

SHAPES: dict[str, Shape] = {
    **_SIZES, **_TURNS, **_PIXELS, **_INTERLACE, **_CODECS, **_RATES, **_STRUCTURES, **_SOUNDS,
}  # fmt: skip


def write_inputs(folder: Path) -> None:
    """Numbered pictures and a beep, without any codec."""
    with (folder / "pictures.yuv").open("wb") as file:
        for number in range(FRAMES):
            planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
            planes[:HEIGHT] = 90
            paint_barcode(planes[:HEIGHT], number)
            file.write(planes.tobytes())
    samples = np.zeros(48_000 * FRAMES // RATE)
    beep = np.arange(4800)
    start = round(BEEP * 48_000)
    samples[start : start + 4800] = 0.7 * np.sin(beep * 2 * np.pi * 1000 / 48_000)
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(np.repeat((samples * 32767).astype("<i2"), 2).tobytes())


def make_shape(shape: Shape, inputs: Path, folder: Path) -> Path:
    """The source, as a file of `folder`."""
    target = folder / f"in.{shape.suffix}"
    first = folder / f"first.{shape.suffix}" if shape.remux else target
    pictures = f"-f rawvideo -pix_fmt yuv420p -s {WIDTH}x{HEIGHT} -r {shape.rate or RATE} -color_range tv -i".split()
    options = [str(inputs / "sound.wav") if word == "SOUND" else word for word in shape.make.split()]
    _ffmpeg(*pictures, str(inputs / "pictures.yuv"), "-i", str(inputs / "sound.wav"), *options, str(first))
    if shape.remux:
        _ffmpeg(*shape.remux.split(), "-i", str(first), "-map", "0", "-c", "copy", str(target))
    return target


def _ffmpeg(*arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-filter_threads", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
