"""Payload invariants: what must hold inside every packet, without decoding it. `payload_check` is the door."""

from __future__ import annotations

from cutroom.media.bitstreams.audio import AacCheck, MpegAudioCheck, check_ac3, check_flac, check_opus
from cutroom.media.bitstreams.av1 import check_av1
from cutroom.media.bitstreams.intra import check_mjpeg, check_prores
from cutroom.media.bitstreams.mpeg2 import MpegVideoCheck
from cutroom.media.bitstreams.nal import NalCheck, restarts
from cutroom.media.bitstreams.problem import Check, Problem
from cutroom.media.bitstreams.startcodes import check_mpeg4
from cutroom.media.bitstreams.vpx import check_vp8, check_vp9

__all__ = ["Check", "Problem", "payload_check", "restarts"]

_PLAIN: dict[str, Check] = {
    "av1": check_av1,
    "vp9": check_vp9,
    "vp8": check_vp8,
    "mpeg4": check_mpeg4,
    "mjpeg": check_mjpeg,
    "prores": check_prores,
    "ac3": check_ac3,
    "eac3": check_ac3,
    "flac": check_flac,
    "opus": check_opus,
}


def payload_check(codec: str, extradata: bytes, *, container: str) -> Check | None:
    """The checker for one stream, or None where the codec has no invariant that is checked.

    `codec` is libav's canonical name ("h264"), `container` as `containers.identify` names it.
    """
    if codec in ("h264", "hevc"):
        return NalCheck(codec, extradata)
    if codec in ("mpeg1video", "mpeg2video"):
        return MpegVideoCheck()
    if codec in ("mp1", "mp2", "mp3"):
        return MpegAudioCheck()
    if codec == "aac":
        return AacCheck(adts=container == "mpegts" and not extradata)
    return _PLAIN.get(codec)
