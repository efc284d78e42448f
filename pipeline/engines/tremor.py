"""A trembling voice: pitch and level waver together, slowly enough to be heard as a tremor."""

from __future__ import annotations

import numpy as np

from pipeline.nouns import Waveform

RATE_HZ = 6.0
"""Physiological voice tremor lies at about 4 to 8 Hz."""
PITCH = 0.035
"""Greatest change of pitch, as a ratio: ±3.5 %, a bit more than half a semitone."""
LEVEL = 0.3
"""Greatest change of level, as a ratio of the amplitude."""


def trembling(wave: Waveform, sample_rate: int) -> Waveform:
    """`wave` with a tremor; the same shape (frames,), same length, nowhere louder."""
    if not wave.size:
        return wave
    at = np.arange(wave.size, dtype=np.float64)
    turn = 2 * np.pi * RATE_HZ / sample_rate
    # reading at at + depth * sin changes the pitch by depth * turn * cos, so this depth reaches PITCH at most
    read = np.clip(at + PITCH / turn * np.sin(turn * at), 0, wave.size - 1)
    level = 1.0 - LEVEL * 0.5 * (1.0 - np.cos(turn * at))
    return np.asarray(np.interp(read, at, wave) * level, dtype=np.float32)
