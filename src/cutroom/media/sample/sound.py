"""Sound for made footage: gentle tones for people, or one exact beep a second for measuring."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
BEEP_SECONDS = 0.1
BEEP_HERTZ = 1000
BEEP_AMPLITUDE = 0.5
_CHORDS = ((220.0, 277.18, 329.63), (196.0, 246.94, 293.66), (174.61, 220.0, 261.63), (196.0, 246.94, 329.63))
_CHORD_SECONDS = 4

Sound = Literal["tone", "beep"]


def make_sound(kind: Sound, start: int, count: int) -> NDArray[np.float32]:
    """`count` stereo samples from sample `start` on, shape (2, count), within ±1.

    "beep" is silence with a 1 kHz sine of amplitude 0.5 in the first tenth of each second; "tone" is a slow run of
    chords with the same beep, softly, once a second. A sample depends on its position only, so blocks join exactly.
    """
    seconds = (start + np.arange(count)) / SAMPLE_RATE
    into = seconds % 1.0
    beep = np.where(into < BEEP_SECONDS, np.sin(2 * np.pi * BEEP_HERTZ * into), 0.0)
    if kind == "beep":
        mono = beep * BEEP_AMPLITUDE
        return np.stack([mono, mono]).astype(np.float32)
    soft = beep * np.sin(np.pi * np.clip(into / BEEP_SECONDS, 0, 1)) ** 2 * 0.08
    wide = np.stack([_chord(seconds, 0.0), _chord(seconds, 0.35)])
    return np.asarray(wide + soft, dtype=np.float32)


def _chord(seconds: NDArray[np.float64], detune: float) -> NDArray[np.float64]:
    """A soft pad; `detune` hertz between the ears make it wide."""
    total = np.zeros_like(seconds)
    place = (seconds // _CHORD_SECONDS).astype(int) % len(_CHORDS)
    into = seconds % _CHORD_SECONDS
    envelope = np.sin(np.pi * into / _CHORD_SECONDS) ** 0.6
    for voice in range(3):
        pitch = np.array([chord[voice] for chord in _CHORDS])[place] + detune
        total += np.sin(2 * np.pi * pitch * into) * (0.07 + 0.015 * np.sin(2 * np.pi * 0.2 * seconds + voice))
        total += np.sin(2 * np.pi * 2 * pitch * into) * 0.015
    return np.asarray(total * envelope)
