"""From a decoded frame to the RGB picture a person should see: square pixels, upright, on an ordinary screen.

HDR (PQ or HLG) is brought to BT.709 here: to light, to BT.709 primaries, and through Hable's curve with white at
203 nits and a peak of 1,000. It is meant to be plausible in small pictures, not graded.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cutroom.media.ladder.orientation import Orientation
from cutroom.media.probe import display_size

_PQ, _HLG = 16, 18
_WHITE_NITS, _PEAK_NITS = 203.0, 1000.0
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], dtype=np.float32
)
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def frame_picture(frame: av.VideoFrame, *, aspect: Fraction, turned: Orientation, width: int) -> Image.Image:
    """`frame` as an RGB image `width` pixels wide after turning; `aspect` is its pixels' shape."""
    rotation = turned.degrees
    shown_width, shown_height = display_size(frame.width, frame.height, aspect, rotation)
    height = max(round(shown_height * width / shown_width), 1)
    stored = (height, width) if rotation % 180 else (width, height)
    image = Image.fromarray(_rgb(frame, *stored))
    if turned.mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(_TURNS[rotation]) if rotation in _TURNS else image


def _rgb(frame: av.VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
    hdr = frame.color_trc in (_PQ, _HLG)
    small = frame.reformat(
        width,
        height,
        "rgb48le" if hdr else "rgb24",
        src_colorspace=frame.colorspace if frame.colorspace in (1, 4, 5, 6, 7, 9) else _guess_matrix(frame),
        interpolation="AREA" if width < frame.width else "BICUBIC",
    )
    pixels = small.to_ndarray()
    if hdr:
        return _to_sdr(pixels.astype(np.float32) / np.float32(65535), frame.color_trc)
    return np.ascontiguousarray(pixels, dtype=np.uint8)


def _guess_matrix(frame: av.VideoFrame) -> int:
    """BT.709 for HD, BT.601 below: what every player assumes where a file is silent."""
    return 1 if frame.height >= 720 or frame.width >= 1280 else 5


def _to_sdr(signal: NDArray[np.float32], transfer: int) -> NDArray[np.uint8]:
    nits = _pq_nits(signal) if transfer == _PQ else _hlg_nits(signal)
    light = np.maximum(nits @ _TO_709.T, 0) / _WHITE_NITS
    mapped = _hable(light) / _hable(np.float32(_PEAK_NITS / _WHITE_NITS))
    mapped = np.clip(mapped, 0, 1)
    coded = np.where(mapped <= 0.0031308, mapped * 12.92, 1.055 * mapped ** (1 / 2.4) - 0.055)
    return np.asarray(coded * 255 + 0.5, dtype=np.uint8)


def _pq_nits(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """SMPTE ST 2084."""
    root = signal ** np.float32(1 / 78.84375)
    part = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return np.asarray(10_000 * part ** (1 / 0.1593017578125), dtype=np.float32)


def _hlg_nits(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """BT.2100 HLG on a display of 1,000 nits, system gamma 1.2."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    luma = scene @ np.array([0.2627, 0.678, 0.0593], dtype=np.float32)
    return np.asarray(_PEAK_NITS * scene * np.maximum(luma, 1e-6)[..., None] ** 0.2, dtype=np.float32)


def _hable(light: NDArray[np.float32] | np.float32) -> NDArray[np.float32]:
    doubled = light * np.float32(2.0)
    top = doubled * (0.15 * doubled + 0.05) + 0.004
    return np.asarray(top / (doubled * (0.15 * doubled + 0.5) + 0.06) - 0.02 / 0.3, dtype=np.float32)
