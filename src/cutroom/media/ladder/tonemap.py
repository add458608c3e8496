"""HDR footage on an ordinary screen: a look-up table from PQ or HLG in BT.2020 to gamma 2.4 in BT.709.

Proxies are made for looking at, in any browser. Highlights are rolled off as ITU-R BT.2390 does, from 1000 cd/m² to
the 203 cd/m² of HDR's reference white, on the largest of the three components so that hues stay; colours outside BT.709
are clipped. The original keeps its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PQ, HLG = 16, 18
"""Transfer characteristics of H.273 that are HDR."""

_SIZE = 33
_SOURCE_PEAK = 1000.0  # cd/m²
_WHITE = 203.0  # cd/m²
_BT2020_TO_BT709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]]
)
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128

Levels = NDArray[np.float64]


def cube(transfer: int) -> str:
    """The table as a `.cube` file, for a signal of full range."""
    steps = np.linspace(0, 1, _SIZE)
    blues, greens, reds = np.meshgrid(steps, steps, steps, indexing="ij")  # red changes fastest
    rows = to_sdr(np.stack((reds, greens, blues), axis=-1).reshape(-1, 3), transfer)
    return f"LUT_3D_SIZE {_SIZE}\n" + "\n".join(f"{red:.6f} {green:.6f} {blue:.6f}" for red, green, blue in rows) + "\n"


def to_sdr(signal: Levels, transfer: int) -> Levels:
    """Coded BT.2020 components (n × 3, 0 to 1) as coded BT.709 components."""
    light = pq_to_light(signal) if transfer == PQ else hlg_to_light(signal)
    largest = np.maximum(light.max(axis=1, keepdims=True), 1e-6)
    mapped = light * (roll_off(largest) / largest)
    return np.asarray(np.clip(mapped @ _BT2020_TO_BT709.T / _WHITE, 0, 1) ** (1 / 2.4))


def pq_to_light(signal: Levels) -> Levels:
    """cd/m² of a PQ signal (SMPTE ST 2084)."""
    root = signal ** (1 / _M2)
    return np.asarray(10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1))


def light_to_pq(light: Levels) -> Levels:
    """The PQ signal of cd/m²."""
    power = (light / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def hlg_to_light(signal: Levels) -> Levels:
    """cd/m² of an HLG signal on a screen of 1000 cd/m² (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = np.maximum(scene @ np.array([0.2627, 0.6780, 0.0593]), 1e-9)[:, None]
    return np.asarray(_SOURCE_PEAK * luminance**0.2 * scene)


def roll_off(light: Levels) -> Levels:
    """BT.2390's curve: as it is below the knee, bent to reach reference white at the source's peak."""
    top = light_to_pq(np.array(_SOURCE_PEAK))
    level = np.minimum(light_to_pq(light) / top, 1)
    limit = light_to_pq(np.array(_WHITE)) / top
    knee = 1.5 * limit - 0.5
    t = np.clip((level - knee) / (1 - knee), 0, 1)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * limit
    return pq_to_light(np.where(level < knee, level, bent) * top)
